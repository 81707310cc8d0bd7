#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ravine/lab/report/report.hpp"
#include "ravine/lab/reproduce/claim.hpp"

namespace ravine {

/// A table of a paper's study: cells for a terminal or a page, and the same numbers as CSV.
struct PaperTable {
    std::string title;
    std::vector<std::string> header;
    std::vector<std::vector<std::string>> rows;
    std::string notes;  ///< what the columns mean
    std::string csv;
};

/// A picture of it, as SVG.
struct PaperFigure {
    std::filesystem::path path;
    std::string caption;
};

/// What one page says of a paper's study.
struct PaperPage {
    std::string kind;     ///< its numbers are in KIND.json: "acet"
    std::string command;  ///< that makes it again
    std::vector<PaperTable> tables = {};
    std::vector<PaperFigure> figures = {};
    std::vector<std::string> parts = {};  ///< a sentence for each of the studies it consists of
};

/// Writes KIND.json, which paper_report() reads.
void write_paper_page(const std::filesystem::path& folder, const PaperPage& page);

/// The page, drawn from KIND.json, claims.csv and the figures in a folder. Throws RequestError where one is
/// missing or damaged.
Report paper_report(const std::filesystem::path& folder, const std::string& kind, const std::string& title,
                    const std::string& subtitle);

}  // namespace ravine
