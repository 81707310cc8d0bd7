#include "ravine/train/checkpoint/checkpoint.hpp"

#include <fstream>

#include "tests/lab/checkpoint_support.hpp"

namespace ravine {
namespace {

using namespace test;

class DamagedCheckpointTest : public RunTest {
protected:
    DamagedCheckpointTest() {
        e = long_experiment("adam");
        InterruptAfter stop(8);
        to = folder("run");
        train_in(to, e, {&stop});
        good = read_safetensors(to.checkpoint());
    }

    /// Expects that the checkpoint as it now lies there is refused, and that nothing changes.
    void expect_refused(const Experiment& with, const std::vector<std::string>& parts) {
        ravine::Run run(with, say_nothing);
        const auto weights = run.parameters().values().to_doubles(), buffers = run.buffers().to_doubles();
        expect_error(
            2, [&] { run.resume(to); }, parts);
        EXPECT_EQ(run.parameters().values().to_doubles(), weights);
        EXPECT_EQ(run.buffers().to_doubles(), buffers);
        EXPECT_EQ(run.state().step, 0);
    }
    template <class Damage>
    void expect_damage_refused(const Damage& damage, const std::vector<std::string>& parts) {
        TensorFile bad = good;
        damage(bad);
        write_safetensors(to.checkpoint(), bad);
        expect_refused(e, parts);
    }

    Experiment e;
    RunFolder to;
    TensorFile good;
};

TEST_F(DamagedCheckpointTest, AShortenedFileIsRefused) {
    const std::string bytes = contents_of(to.checkpoint());
    for (const size_t length : {size_t{0}, size_t{5}, size_t{50}, bytes.size() / 2, bytes.size() - 1}) {
        temporary.write("run/checkpoint.safetensors", bytes.substr(0, length));
        expect_refused(e, {"checkpoint.safetensors", "byte"});
    }
    fs::remove(to.checkpoint());
    expect_refused(e, {"checkpoint.safetensors: no such file"});
}

TEST_F(DamagedCheckpointTest, MissingAndMistypedPartsAreRefused) {
    using F = TensorFile;
    expect_damage_refused([](F& f) { f.metadata.clear(); }, {"is no checkpoint of a run"});
    expect_damage_refused([](F& f) { f.metadata.erase("ravine.state"); }, {"is no checkpoint"});
    expect_damage_refused([](F& f) { f.metadata.erase("ravine.counters"); }, {"damaged", "ravine.counters"});
    expect_damage_refused([](F& f) { f.metadata["ravine.numbers"] = "[]"; }, {"damaged", "an object"});
    expect_damage_refused(
        [](F& f) { f.metadata["ravine.counters"] = "{\"metrics_lines\":0,\"optimizer.steps\":-1}"; },
        {"damaged metadata", "-1"});
    for (const char* state : {"", "{", "5", "[]", "{\"layout\":3}", "{\"layout\":3,\"step\":\"x\"}"})
        expect_damage_refused([&](F& f) { f.metadata["ravine.state"] = state; }, {"damaged metadata"});
    for (const char* key :
         {"step", "epoch", "batch_in_epoch", "best_epoch", "forward_passes", "backward_passes"}) {
        const auto with = [&](const Json& value) {
            return [&, value](F& f) {
                Json state = Json::parse(f.metadata["ravine.state"]);
                state[key] = value;
                f.metadata["ravine.state"] = state.dump();
            };
        };
        expect_damage_refused(with(-1), {"damaged metadata", key});
        expect_damage_refused(with("8"), {"damaged metadata"});
    }
    expect_damage_refused([](F& f) { f.tensors.erase(f.tensors.begin()); }, {"no tensor '0.weight'"});
    for (const char* name : {"1.running_mean", "1.running_var"})
        expect_damage_refused(
            [&](F& f) { std::erase_if(f.tensors, [&](auto& t) { return t.name == name; }); },
            {"no tensor", name});
    for (const char* name : {"optimizer.m", "optimizer.v"})
        expect_damage_refused(
            [&](F& f) { std::erase_if(f.tensors, [&](auto& t) { return t.name == name; }); },
            {"of another optimizer"});
    expect_damage_refused(
        [](F& f) {
            for (auto& t : f.tensors) t.data = Vector(t.data.to_doubles(), Precision::f64);
        },
        {"another precision: expected f32, found f64"});
}

// Epoch losses were sums over batches once: read as sums over examples they would be wrong.
TEST_F(DamagedCheckpointTest, OneOfAnEarlierVersionIsRefused) {
    expect_damage_refused(
        [](TensorFile& f) {
            Json state = Json::parse(f.metadata["ravine.state"]);
            state.erase("layout");
            f.metadata["ravine.state"] = state.dump();
        },
        {"checkpoint.safetensors: expected a checkpoint of layout 3, found layout 1"});
}

TEST_F(DamagedCheckpointTest, OneOfAnotherModelOrOptimizerIsRefused) {
    Experiment other = e;
    other.model = "mlp:hidden=9,normalization=batch";
    expect_refused(other, {"'0.weight' has the shape [8, 2], expected [9, 2]"});
    other.model = "mlp:hidden=8-8,normalization=batch";
    expect_refused(other, {"checkpoint.safetensors"});
    other = e;
    other.optimizer = "adagrad";
    expect_refused(other, {"of another optimizer"});
    other.optimizer = "sgd";  // which has no state at all
    expect_refused(other, {"of another optimizer: it has the state"});
    other = e;
    other.precision = "f64";
    expect_refused(other, {"another precision: expected f64, found f32"});
}

TEST_F(DamagedCheckpointTest, AfterARefusalAGoodOneStillWorks) {
    temporary.write("run/checkpoint.safetensors", "damaged");
    ravine::Run run(e, say_nothing);
    EXPECT_THROW(run.resume(to), RequestError);
    write_safetensors(to.checkpoint(), good);
    run.resume(to);
    run.train(to, {});
    const RunFolder whole = folder("whole");
    train_in(whole, e);
    expect_same(to, whole);
}

TEST_F(RunTest, AWriteThatFailsLeavesNothingHalfWritten) {
    fs::create_directories(temporary.path() / "run" / "checkpoint.safetensors" / "in the way");
    EXPECT_THROW(train_in({temporary.path() / "run"}, small_experiment()), RunError);
    for (const auto& entry : fs::directory_iterator(temporary.path() / "run"))
        EXPECT_EQ(entry.path().string().find("tmp-"), std::string::npos) << entry.path();
}

}  // namespace
}  // namespace ravine
