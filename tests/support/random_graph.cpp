#include "tests/support/random_graph.hpp"

#include "ravine/core/values/random.hpp"

namespace ravine::test {
namespace {

class Builder {
public:
    Builder(RandomGraph& result, Shape space, uint64_t seed)
        : result_(result), g_(result.graph), space_(std::move(space)), random_({.seed = seed}) {}

    void build(int operations) {
        add_leaves();
        while (operations-- > 0) keep(next());
        const size_t count = 1 + random_.below(5);
        for (size_t i = 0; i < count; ++i) add_output(i == 0 ? values_.back() : any());
        if (random_.below(3) == 0) add_output(result_.outputs[0]);  // twice
    }

private:
    bool chance(uint64_t of) { return random_.below(of) == 0; }

    /// A shape that broadcasts to the space: some extents 1, or leading axes left out.
    Shape smaller_shape() {
        Shape shape = space_;
        for (auto& extent : shape)
            if (chance(2)) extent = 1;
        if (chance(3))
            shape.erase(shape.begin(), shape.begin() + static_cast<int64_t>(random_.below(shape.size() + 1)));
        return shape;
    }

    Value input(const Shape& shape) {
        const std::string name = "input " + std::to_string(result_.feed.storages.size());
        result_.feed.storages[name] = random_numbers(element_count(shape), random_.word());
        return g_.input(name, shape);
    }

    void add_leaves() {
        values_ = {input(space_), input(space_)};
        for (int i = 0; i < 4; ++i) values_.push_back(input(smaller_shape()));
        // Two slices of one vector, the second not at its beginning.
        const int64_t count = element_count(space_);
        result_.feed.storages["parameters"] = random_numbers(count + space_.back(), random_.word());
        values_.push_back(g_.parameter("parameters", 0, space_));
        values_.push_back(g_.parameter("parameters", count, {space_.back()}));
        values_.push_back(g_.scalar("rate"));
        result_.feed.scalars["rate"] = 0.375;
        values_.push_back(g_.constant(0.5, space_));
        values_.push_back(g_.constant(-1.5));
        values_.push_back(broadcast(values_[2], space_));
        leaves_ = values_.size();
    }

    Value any() {
        // Mostly among the newest, so that chains grow.
        const size_t count = values_.size();
        const size_t back = chance(2) ? random_.below(count) : random_.below(std::min<size_t>(count, 4));
        return values_[count - 1 - back];
    }

    Value leaf() { return values_[random_.below(leaves_)]; }

    Value next() {
        const Value a = any(), b = any();
        switch (random_.below(22)) {
            case 0:
            case 1:
                return (a + b) * 0.5;
            case 2:
                return (a - b) * g_.scalar("rate");
            case 3:
            case 4:
                return a * b;
            case 5:
                return a * b + any();
            case 6:
                return a - b * any();
            case 7:
                return tanh(a);
            case 8:
                return sigmoid(a);
            case 9:
                return relu(a);
            case 10:
                return exp(-abs(a));
            case 11:
                return a / (square(b) + 1.0);
            case 12:
                return sqrt(square(a) + 0.5) - softplus(b);
            case 13:
                return maximum(a, b);
            case 14:
                return select(step(leaf()), a, b);
            case 15:
                return minimum(a, greater(leaf(), leaf()));
            case 16:
                return reduce(a);
            case 17:
                return reduce(a) * b;
            case 18:
                return broadcast(stop_gradient(a), space_);
            case 19:
                return view(a);
            case 20:
                return product(a);
            default:
                return cos(a) * log(square(b) + 1.0);
        }
    }

    Value reduce(Value a) {
        Shape to;
        do to = smaller_shape();
        while (broadcast_shape(to, a.shape()) != a.shape() && !chance(8));
        if (broadcast_shape(to, a.shape()) != a.shape()) to = {};
        const auto repeats =
            static_cast<double>(element_count(a.shape())) / static_cast<double>(element_count(to));
        return chance(3) ? max_to(a, to) : sum_to(a, to) / repeats;
    }

    Value view(Value a) {
        const Shape shape = a.shape();
        if (chance(2)) return reshape(sin(reshape(a, {element_count(shape)})), shape);
        if (shape.size() < 2) return stop_gradient(a);
        std::vector<int64_t> axes(shape.size());
        for (size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<int64_t>(axes.size() - 1 - i);
        return permute(permute(a, axes) * 1.5, axes);  // back to the axes of the space
    }

    /// a a' a, scaled: also of values without memory of their own.
    Value product(Value a) {
        if (a.shape().size() != 2 || element_count(a.shape()) > 5000) return reduce(a);
        const auto scale = static_cast<double>(element_count(a.shape()));
        const Value y = matmul(matmul(a, a, Transpose::no, Transpose::yes), a) / scale;
        return chance(2) ? relu(y + input({a.shape()[1]})) : y;
    }

    void keep(Value value) {
        // Keeps numbers within a few units.
        values_.push_back(chance(3) ? tanh(value) : value * 0.7);
    }

    void add_output(Value value) {
        result_.outputs.push_back(value);
        result_.phases.push_back(static_cast<int>(random_.below(3)));
    }

    RandomGraph& result_;
    Graph& g_;
    Shape space_;
    RandomSequence random_;
    std::vector<Value> values_;
    size_t leaves_ = 0;
};

}  // namespace

RandomGraph::RandomGraph(Shape space, int operations, uint64_t seed) {
    Builder(*this, std::move(space), seed).build(operations);
    feed = as_floats(std::move(feed));
}

std::vector<Shape> spaces_of(int64_t count) {
    std::vector<Shape> spaces{{count}, {1, count}, {count, 1}};
    for (const int64_t columns : {2, 3, 5, 7, 16, 29, 53})
        if (count % columns == 0) {
            spaces.push_back({count / columns, columns});
            spaces.push_back({columns, count / columns});
            spaces.push_back({1, columns, 1, count / columns});
        }
    spaces.push_back({2, 3, 2, (count + 11) / 12});
    spaces.push_back({(count + 17) / 18, 3, 3, 2});
    return spaces;
}

}  // namespace ravine::test
