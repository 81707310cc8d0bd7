#pragma once

#include "ravine/data/formats/safetensors.hpp"
#include "tests/lab/run_support.hpp"

namespace ravine::test {

/// A run of 18 updates, 6 an epoch, that uses all that a checkpoint must hold.
inline Experiment long_experiment(const std::string& optimizer) {
    Experiment e = small_experiment();
    e.model = "mlp:hidden=8,normalization=batch,dropout=0.3";
    e.optimizer = optimizer;
    e.schedule = "constant";  // a run's length decides the others
    e.log_every = 3;
    return e;
}

inline Json without_seconds(Json json) {
    for (const char* key :
         {"seconds", "forward_seconds", "backward_seconds", "update_seconds", "curriculum_seconds"})
        json.erase(key);
    return json;
}

/// Expects that two runs ended alike, in everything but time.
inline void expect_same(const RunFolder& a, const RunFolder& b) {
    EXPECT_EQ(contents_of(a.model()), contents_of(b.model()));
    EXPECT_EQ(contents_of(a.best()), contents_of(b.best()));
    EXPECT_EQ(without_seconds(summary_of(a)), without_seconds(summary_of(b)));
    std::vector<Json> lines_a, lines_b;
    for (const Json& line : metrics_of(a)) lines_a.push_back(without_seconds(line));
    for (const Json& line : metrics_of(b)) lines_b.push_back(without_seconds(line));
    EXPECT_EQ(lines_a, lines_b);
    const TensorFile left = read_safetensors(a.checkpoint()), right = read_safetensors(b.checkpoint());
    ASSERT_EQ(left.tensors.size(), right.tensors.size());
    for (size_t i = 0; i < left.tensors.size(); ++i) {
        EXPECT_EQ(left.tensors[i].name, right.tensors[i].name);
        EXPECT_EQ(left.tensors[i].data.to_doubles(), right.tensors[i].data.to_doubles())
            << left.tensors[i].name;
    }
    EXPECT_EQ(without_seconds(Json::parse(left.metadata.at("ravine.state"))),
              without_seconds(Json::parse(right.metadata.at("ravine.state"))));
    for (const char* key : {"ravine.numbers", "ravine.counters"})
        EXPECT_EQ(left.metadata.at(key), right.metadata.at(key));
}

}  // namespace ravine::test
