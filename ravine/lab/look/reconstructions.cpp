#include "ravine/lab/look/reconstructions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "ravine/lab/draw/image_sheet.hpp"
#include "ravine/train/training/evaluator.hpp"

namespace ravine {
namespace {

constexpr int64_t most_images = 16, in_a_row = 8;

struct Part {
    const char* name;
    const Dataset& data;
};

Part shown_part(const Parts& parts) {
    if (parts.validation.size() > 0) return {"validation", parts.validation};
    if (parts.test.size() > 0) return {"test", parts.test};
    return {"training", parts.training};
}

}  // namespace

bool has_reconstructions(const Run& run) {
    const Dataset& training = run.parts().training;
    return training.task == Task::autoencoding && training.feature_shape.size() == 3;
}

void write_reconstructions(const std::filesystem::path& path, const Run& run) {
    const Schema& schema = run.parts().schema;
    const auto [name, part] = shown_part(run.parts());
    std::vector<int64_t> examples(static_cast<size_t>(std::min(most_images, part.size())));
    std::iota(examples.begin(), examples.end(), 0);
    const Dataset originals = part.subset(examples);
    Evaluator evaluator(run.network(), run.compile_options());
    const auto outputs =
        evaluator.outputs(originals, schema.normalization, run.result().parameters, run.result().buffers);

    const int64_t count = originals.size(), width = originals.output_count;
    std::vector<float> pixels;
    for (int64_t i = 0; i < count; ++i)
        for (int64_t k = 0; k < width; ++k) pixels.push_back(static_cast<float>(originals.feature(i, k)));
    for (size_t i = 0; i < outputs.size(); ++i)
        pixels.push_back(static_cast<float>(
            schema.target_normalization.undo(outputs[i], static_cast<int64_t>(i) % width)));
    Dataset sheet{.name = schema.dataset, .feature_shape = originals.feature_shape};
    sheet.features = std::move(pixels);
    std::vector<SheetRow> rows;
    for (int64_t first = 0; first < count; first += in_a_row) {
        rows.push_back({.label = "original"});
        rows.push_back({.label = "reconstruction"});
        for (int64_t i = first; i < std::min(first + in_a_row, count); ++i) {
            rows[rows.size() - 2].examples.push_back(i);
            rows.back().examples.push_back(count + i);
        }
    }
    write_image_sheet(path, fmt::format("{} ({}): originals and reconstructions", schema.dataset, name),
                      sheet, rows);
}

}  // namespace ravine
