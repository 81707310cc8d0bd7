#pragma once

#include <string>
#include <vector>

#include "ravine/core/settings/spec.hpp"
#include "ravine/nn/model.hpp"

namespace ravine {

/// One layer of a described model.
struct LayerDescription {
    Spec layer;                          ///< kind and settings: convolution:channels=6,kernel=5
    std::string name = {};               ///< what other layers call it; empty: its number
    std::vector<std::string> from = {};  ///< further inputs of a join; of any other layer its only input
    std::string place = {};              ///< "14": its line in the file; empty where there is none
    bool operator==(const LayerDescription&) const = default;
};

/// A small net beside the main one, attached to a named layer, whose loss trains that layer too (Szegedy et
/// al. 2015).
struct HeadDescription {
    std::string at;
    double weight = 0.3;  ///< of its loss in the training loss
    std::vector<LayerDescription> layers;
    bool operator==(const HeadDescription&) const = default;
};

/// A model as data: layers in order, skips by name, auxiliary heads. The parameters of layer number i
/// (counted from 0) are called "i.weight", those of a named layer "NAME.weight", as in PyTorch's Sequential;
/// those of layer i of head k "heads.k.i.weight".
struct ModelDescription {
    std::string name;
    std::vector<LayerDescription> layers;
    std::vector<HeadDescription> heads = {};
    std::string origin = {};  ///< where it was read: the beginning of a message
};

/// The model that a description describes. Throws RequestError for unknown layers, settings and names, in
/// one line with the layer's number and name; the model's build throws it for shapes that do not fit.
Model make_described(const ModelDescription& description);

}  // namespace ravine
