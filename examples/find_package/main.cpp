// Trains a small net on three spirals and minimises Rosenbrock's function, from outside Ravine's own build.
// Expected: an accuracy of at least 95 % on the test part, and a point near (1, 1).
#include <cmath>
#include <cstdio>

#include "ravine/ravine.hpp"

using namespace ravine;

namespace {

double accuracy_on_spirals() {
    const auto parts = std::make_shared<const Parts>(load_parts({.dataset = "spiral", .seed = 1}));
    Training training({.optimizer = optimizers().make(Spec::parse("adam:learning_rate=0.003,beta2=0.99")),
                       .network = {.model = Spec::parse("mlp:hidden=64-64")},
                       .train = {.epochs = 30, .seed = 1}},
                      parts);
    training.run();
    return training.evaluate(parts->test).accuracy;
}

double distance_to_minimum_of_rosenbrock() {
    const Function rosenbrock = functions().make(Spec::parse("rosenbrock"));
    const CompileOptions compile{.precision = Precision::f64};
    GraphObjective objective = rosenbrock.objective(compile);
    Parameters x = rosenbrock.starting_point(compile.precision);
    const auto adam =
        optimizers().make(Spec::parse("adam:learning_rate=0.02"))({}, x.shared_layout(), compile);
    for (int step = 0; step < 5000; ++step) adam->step(objective, x);
    return std::hypot(x.values().at(0) - 1, x.values().at(1) - 1);
}

}  // namespace

int main() {
    const double accuracy = accuracy_on_spirals(), distance = distance_to_minimum_of_rosenbrock();
    std::printf("spirals: accuracy %.1f %%\nrosenbrock: %.2g from the minimum\n", 100 * accuracy, distance);
    return accuracy > 0.95 && distance < 0.01 ? 0 : 1;
}
