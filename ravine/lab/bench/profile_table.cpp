#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "ravine/core/error.hpp"
#include "ravine/lab/bench/step_profile.hpp"
#include "ravine/lab/names/csv_text.hpp"
#include "ravine/lab/names/text_table.hpp"

namespace ravine {
namespace {

const std::string& name_of(const KernelCost& cost, ProfileBy by) {
    if (by == ProfileBy::kernel) return cost.kernel;
    return by == ProfileBy::kind ? cost.kind : cost.layer;
}

Bound bound_of(const ProfileRow& row, const MachinePeak& peak) {
    const double arithmetic = static_cast<double>(row.flops) / peak.flops,
                 memory = static_cast<double>(row.bytes) / peak.bytes;
    if (row.seconds > 4 * std::max(arithmetic, memory)) return Bound::overhead;
    return arithmetic > memory ? Bound::arithmetic : Bound::memory;
}

double giga(double count) { return 1e-9 * count; }
/// A rate in 1e9 a second; 0 for a row that took no time.
double giga_per_second(int64_t count, double seconds) {
    return seconds > 0 ? giga(static_cast<double>(count)) / seconds : 0;
}

}  // namespace

std::string to_string(Bound bound) {
    if (bound == Bound::overhead) return "overhead";
    return bound == Bound::arithmetic ? "arithmetic" : "memory";
}

ProfileBy parse_profile_by(const std::string& text) {
    const std::map<std::string, ProfileBy> words{
        {"kernel", ProfileBy::kernel}, {"kind", ProfileBy::kind}, {"layer", ProfileBy::layer}};
    const auto found = words.find(text);
    if (found == words.end())
        fail_request("--by: expected kernel, kind or layer, found '{}'{}", text,
                     suggestion(text, {"kernel", "kind", "layer"}));
    return found->second;
}

std::vector<ProfileRow> profile_rows(const StepProfile& profile, ProfileBy by) {
    std::vector<ProfileRow> rows;
    for (const auto& cost : profile.kernels) {
        auto row = std::ranges::find(rows, name_of(cost, by), &ProfileRow::name);
        if (row == rows.end()) row = rows.insert(rows.end(), {.name = name_of(cost, by)});
        ++row->kernels;
        row->seconds += cost.seconds;
        row->flops += cost.flops;
        row->bytes += cost.bytes;
    }
    for (auto& row : rows) {
        row.share = row.seconds / profile.seconds;
        row.bound = bound_of(row, profile.peak);
    }
    std::ranges::stable_sort(rows, std::ranges::greater(), &ProfileRow::seconds);
    return rows;
}

std::string profile_text(const StepProfile& profile, ProfileBy by) {
    const auto line = [](const ProfileRow& row, const std::string& bound) {
        return std::vector<std::string>{fmt::format("{:.4g}", 1e3 * row.seconds),
                                        fmt::format("{:.1f} %", 100 * row.share),
                                        std::to_string(row.kernels),
                                        fmt::format("{:.4g}", 1e-6 * static_cast<double>(row.flops)),
                                        fmt::format("{:.4g}", giga_per_second(row.flops, row.seconds)),
                                        fmt::format("{:.4g}", 1e-6 * static_cast<double>(row.bytes)),
                                        fmt::format("{:.4g}", giga_per_second(row.bytes, row.seconds)),
                                        bound,
                                        row.name};
    };
    ProfileRow total{.name = "a step", .seconds = profile.seconds, .share = 1};
    std::vector<std::vector<std::string>> lines;
    for (const auto& row : profile_rows(profile, by)) {
        lines.push_back(line(row, to_string(row.bound)));
        total.kernels += row.kernels;
        total.flops += row.flops;
        total.bytes += row.bytes;
    }
    lines.push_back(line(total, "-"));
    return text_table({"ms", "share", "kernels", "MFLOP", "GFLOP/s", "MB", "GB/s", "bound by", "what"}, lines,
                      200) +
           fmt::format("{} steps measured; this machine: {:.4g} GFLOP/s (a large product), {:.4g} GB/s\n",
                       profile.steps, giga(profile.peak.flops), giga(profile.peak.bytes));
}

std::string profile_csv(const StepProfile& profile, ProfileBy by) {
    std::string text = "name,kernels,ms,share,flops,gflop_per_second,bytes,gb_per_second,bound\n";
    for (const auto& row : profile_rows(profile, by))
        text += csv_line(row.name, row.kernels, 1e3 * row.seconds, row.share, row.flops,
                         giga_per_second(row.flops, row.seconds), row.bytes,
                         giga_per_second(row.bytes, row.seconds), to_string(row.bound));
    return text;
}

std::string profile_json(const StepProfile& profile, ProfileBy by) {
    using Json = nlohmann::ordered_json;
    Json rows = Json::array();
    for (const auto& row : profile_rows(profile, by))
        rows.push_back({{"name", row.name},
                        {"kernels", row.kernels},
                        {"ms", 1e3 * row.seconds},
                        {"share", row.share},
                        {"flops", row.flops},
                        {"gflop_per_second", giga_per_second(row.flops, row.seconds)},
                        {"bytes", row.bytes},
                        {"gb_per_second", giga_per_second(row.bytes, row.seconds)},
                        {"bound", to_string(row.bound)}});
    return Json{{"ms", 1e3 * profile.seconds},
                {"steps", profile.steps},
                {"peak_gflop_per_second", giga(profile.peak.flops)},
                {"peak_gb_per_second", giga(profile.peak.bytes)},
                {"rows", rows}}
               .dump() +
           "\n";
}

}  // namespace ravine
