// Trains a small net on three spirals and minimises Rosenbrock's function, from outside Ravine's own build.
// Expected: an accuracy of at least 95 % on the test part, and a point near (1, 1).
#include <cmath>
#include <cstdio>

#include "ravine/data/sources/catalog.hpp"
#include "ravine/nn/network.hpp"
#include "ravine/optim/functions/functions.hpp"
#include "ravine/optim/rules/adam.hpp"
#include "ravine/optim/rules/first_order.hpp"
#include "ravine/train/training/trainer.hpp"

using namespace ravine;

namespace {

double accuracy_on_spirals() {
    const Parts parts = load_parts({.dataset = "spiral", .seed = 1});
    const Network network({.model = Spec::parse("mlp:hidden=64-64"),
                           .feature_shape = parts.schema.feature_shape,
                           .target_count = parts.schema.output_count});
    const CompileOptions compile{.precision = Precision::f32, .threads = 1};
    Parameters parameters(network.parameters(), compile.precision);
    Vector buffers = network.initial_buffers(compile.precision);
    network.initialize(parameters, 1);

    FirstOrder optimizer({.rule = Adam{.learning_rate = 0.003, .beta2 = 0.99}}, network.parameters(),
                         compile);
    Trainer trainer(network, parts, parameters, buffers, optimizer,
                    {.epochs = 30, .seed = 1, .compile = compile});
    TrainState state;
    trainer.run(state, {});
    return Evaluator(network, compile)
        .evaluate(parts.test, parts.schema.normalization, parts.schema.target_normalization, parameters,
                  buffers)
        .accuracy;
}

double distance_to_minimum_of_rosenbrock() {
    const Function rosenbrock = functions().make(Spec::parse("rosenbrock"));
    const CompileOptions compile{.precision = Precision::f64};
    GraphObjective objective = rosenbrock.objective(compile);
    Parameters x = rosenbrock.starting_point(compile.precision);
    FirstOrder optimizer({.rule = Adam{.learning_rate = 0.02}}, x.shared_layout(), compile);
    for (int step = 0; step < 5000; ++step) optimizer.step(objective, x);
    return std::hypot(x.values().at(0) - 1, x.values().at(1) - 1);
}

}  // namespace

int main() {
    const double accuracy = accuracy_on_spirals(), distance = distance_to_minimum_of_rosenbrock();
    std::printf("spirals: accuracy %.1f %%\nrosenbrock: %.2g from the minimum\n", 100 * accuracy, distance);
    return accuracy > 0.95 && distance < 0.01 ? 0 : 1;
}
