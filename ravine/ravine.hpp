#pragma once

// Everything that a program needs which trains with Ravine; each header beside what it is for.
//
//     const auto parts = std::make_shared<const Parts>(load_parts({.dataset = "spiral"}));
//     Training training({.optimizer = optimizers().make(Spec::parse("adam")),
//                        .network = {.model = Spec::parse("mlp:hidden=64-64")}},
//                       parts);
//     training.run();
//     std::printf("%.1f %%\n", 100 * training.evaluate(parts->test).accuracy);

#include "ravine/core/error.hpp"                      // Error, RequestError, RunError: one line for a person
#include "ravine/data/sources/catalog.hpp"            // load_parts(): training, validation and test part
#include "ravine/nn/network.hpp"                      // Network: a model with its loss
#include "ravine/optim/functions/functions.hpp"       // functions with known minima
#include "ravine/optim/objective/gradient_check.hpp"  // derivatives beside differences
#include "ravine/optim/optimizers.hpp"                // optimizers() by name
#include "ravine/optim/rates/schedules.hpp"           // multipliers of the learning rate
#include "ravine/optim/rules/first_order.hpp"         // FirstOrder: runs an update rule, yours too
#include "ravine/train/checkpoint/checkpoint.hpp"     // what a training needs to go on
#include "ravine/train/training/training.hpp"         // Training: all of it put together
