#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "ravine/graph/derivatives.hpp"
#include "tests/support/evaluate.hpp"
#include "tests/support/operations.hpp"

// Every operation's rules against central differences in double, over the shapes of operation_cases(). For a
// step h = 1e-5 and values near 1 the difference is off by h^2 / 6 and 1e-16 / h, both about 1e-11.

namespace ravine::test {
namespace {

constexpr double step_length = 1e-5, tolerance = 2e-7;

/// The derivatives of L = sum(w y) + sum(u y y) / 2 for one case, with everything that they are compared to.
class Subject {
public:
    explicit Subject(const OperationCase& operation) : operation_(operation) {
        std::vector<Value> arguments, directions;
        for (size_t i = 0; i < operation.arguments.size(); ++i) {
            arguments.push_back(graph_.input(name(i), operation.arguments[i]));
            directions.push_back(graph_.input("direction " + name(i), operation.arguments[i]));
            feed_.storages[name(i)] = argument_numbers(operation, i, 7);
            feed_.storages["direction " + name(i)] =
                random_numbers(element_count(operation.arguments[i]), 100 + i);
        }
        const Value y = operation.build(arguments);
        const Value w = graph_.input("w", y.shape()), u = graph_.input("u", y.shape());
        const Value loss = sum(w * y) + sum(u * y * y) / 2;
        const auto gradients = gradient(loss, arguments);
        const auto products = hessian_vector(loss, arguments, directions);
        const auto [slope, curvature] = along(loss, arguments, directions);
        const auto tangent = jvp({&y, 1}, arguments, directions);
        const auto adjoints = vjp({&y, 1}, {&w, 1}, arguments);
        feed_.storages["w"] = random_numbers(element_count(y.shape()), 200);
        feed_.storages["u"] = random_numbers(element_count(y.shape()), 201);
        feed_.storages["input"] = random_numbers(3, 202);
        feed_.storages["parameters"] = random_numbers(4, 203);
        feed_.scalars["scalar"] = 0.75;

        std::vector<Value> values{loss, slope, curvature, sum(w * tangent[0]),
                                  curvature_along(loss, arguments, directions)};
        values.insert(values.end(), gradients.begin(), gradients.end());
        values.insert(values.end(), products.begin(), products.end());
        values.insert(values.end(), adjoints.begin(), adjoints.end());
        evaluator_ = std::make_unique<Evaluator>(graph_, values);
        at_point_ = (*evaluator_)(feed_);
    }

    void check() {
        check_gradient();
        check_hessian();
        double slope = 0, curvature = 0, adjoint = 0;
        for (size_t i = 0; i < count(); ++i) {
            const auto& direction = feed_.storages.at("direction " + name(i));
            slope += dot(gradient_of(at_point_, i), direction);
            curvature += dot(product_of(at_point_, i), direction);
            adjoint += dot(adjoint_of(at_point_, i), direction);
        }
        EXPECT_NEAR(at_point_[1][0], slope, 1e-11 * (1 + std::abs(slope))) << "f' is not <g, v>";
        EXPECT_NEAR(at_point_[2][0], curvature, 1e-11 * (1 + std::abs(curvature))) << "f'' is not <v, H v>";
        EXPECT_NEAR(at_point_[4][0], curvature, 1e-11 * (1 + std::abs(curvature)))
            << "f'' by adjoints is not <v, H v>";
        EXPECT_NEAR(at_point_[3][0], adjoint, 1e-11 * (1 + std::abs(adjoint))) << "<w, J v> is not <J'w, v>";
    }

    void check_all_zero() {
        for (size_t i = 0; i < count(); ++i) {
            expect_near(gradient_of(at_point_, i), zeros(i), 0, "gradient");
            expect_near(product_of(at_point_, i), zeros(i), 0, "Hessian-vector product");
        }
        EXPECT_EQ(at_point_[1][0], 0);
    }

private:
    static std::string name(size_t i) { return "argument " + std::to_string(i); }
    size_t count() const { return operation_.arguments.size(); }
    Numbers zeros(size_t i) const {
        return Numbers(static_cast<size_t>(element_count(operation_.arguments[i])), 0.0);
    }
    const Numbers& gradient_of(const std::vector<Numbers>& results, size_t i) const { return results[5 + i]; }
    const Numbers& product_of(const std::vector<Numbers>& results, size_t i) const {
        return results[5 + count() + i];
    }
    const Numbers& adjoint_of(const std::vector<Numbers>& results, size_t i) const {
        return results[5 + 2 * count() + i];
    }

    void check_gradient() {
        for (size_t i = 0; i < count(); ++i) {
            Numbers expected;
            for (size_t k = 0; k < feed_.storages.at(name(i)).size(); ++k) {
                Feed ahead = feed_, behind = feed_;
                ahead.storages[name(i)][k] += step_length;
                behind.storages[name(i)][k] -= step_length;
                const double above = (*evaluator_)(ahead)[0][0], below = (*evaluator_)(behind)[0][0];
                expected.push_back((above - below) / (2 * step_length));
            }
            expect_near(gradient_of(at_point_, i), expected, tolerance, "gradient in " + name(i));
        }
    }

    void check_hessian() {
        Feed ahead = feed_, behind = feed_;
        for (size_t i = 0; i < count(); ++i) {
            const auto& direction = feed_.storages.at("direction " + name(i));
            for (size_t k = 0; k < direction.size(); ++k) {
                ahead.storages[name(i)][k] += step_length * direction[k];
                behind.storages[name(i)][k] -= step_length * direction[k];
            }
        }
        const auto above = (*evaluator_)(ahead), below = (*evaluator_)(behind);
        for (size_t i = 0; i < count(); ++i) {
            Numbers expected = zeros(i);
            for (size_t k = 0; k < expected.size(); ++k)
                expected[k] = (gradient_of(above, i)[k] - gradient_of(below, i)[k]) / (2 * step_length);
            expect_near(product_of(at_point_, i), expected, tolerance,
                        "Hessian-vector product in " + name(i));
        }
    }

    const OperationCase& operation_;
    Graph graph_;
    Feed feed_;
    std::unique_ptr<Evaluator> evaluator_;
    std::vector<Numbers> at_point_;
};

TEST(OperationDerivatives, EveryOperationHasACaseThatBuildsIt) {
    std::set<Op> covered;
    for (const auto& operation : operation_cases()) {
        Graph graph;
        std::vector<Value> arguments;
        for (const auto& shape : operation.arguments)
            arguments.push_back(graph.input("x" + std::to_string(arguments.size()), shape));
        operation.build(arguments);
        const bool built =
            std::ranges::any_of(graph.nodes(), [&](const Node& node) { return node.op == operation.op; });
        if (built) covered.insert(operation.op);
    }
    for (int op = 0; op < op_count; ++op)
        EXPECT_TRUE(covered.contains(static_cast<Op>(op)))
            << name_of(static_cast<Op>(op)) << " has no case in tests/support/operations.cpp";
}

TEST(OperationDerivatives, AgreeWithFiniteDifferences) {
    for (const auto& operation : operation_cases()) {
        SCOPED_TRACE(operation.name);
        Subject subject(operation);
        if (operation.op == Op::stop_gradient)
            subject.check_all_zero();
        else
            subject.check();
    }
}

}  // namespace
}  // namespace ravine::test
