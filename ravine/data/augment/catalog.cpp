#include "ravine/data/augment/augmix.hpp"
#include "ravine/data/augment/crop.hpp"
#include "ravine/data/augment/cutmix.hpp"
#include "ravine/data/augment/cutout.hpp"
#include "ravine/data/augment/flip.hpp"
#include "ravine/data/augment/mixup.hpp"
#include "ravine/data/augment/noise.hpp"
#include "ravine/data/augment/rotate.hpp"
#include "ravine/data/augment/translate.hpp"
#include "ravine/data/augment/zoom.hpp"

namespace ravine {
namespace {

using Product = std::unique_ptr<Augmentation>;

template <class T>
void add(Catalog<Product>& catalog, Entry entry, std::vector<Field<T>> fields) {
    catalog.add<T>(std::move(entry), std::move(fields),
                   [](T method) -> Product { return std::make_unique<T>(std::move(method)); });
}

Catalog<Product> make_augmentations() {
    constexpr Range pixels{1, 4096}, pixels_or_none{0, 4096};
    Catalog<Product> catalog("augmentation");
    add<Crop>(
        catalog,
        {.name = "crop",
         .summary = "images: a window of the image's size at a random place of the image with a frame "
                    "of zeros around it",
         .formula = "x[y, x] -> x[y + i, x + j], i and j uniform in {-padding, ..., padding}; 0 outside",
         .source = "He, Zhang, Ren and Sun 2016, section 4.2"},
        {field("padding", &Crop::padding, pixels, "width of the frame in pixels")});
    add<Flip>(catalog,
              {.name = "flip",
               .summary = "images: left and right exchanged",
               .formula = "x[y, x] -> x[y, width - 1 - x] with the probability",
               .source = "Krizhevsky, Sutskever and Hinton 2012, section 4.1"},
              {field("probability", &Flip::probability, unit_interval, "of an exchange")});
    add<Translate>(catalog,
                   {.name = "translate",
                    .summary = "images: shifted by whole pixels, zeros come in",
                    .formula = "x[y, x] -> x[y - i, x - j],\n"
                               "i = round(u height), j = round(v width), u and v uniform in [-share, share]",
                    .source = "Simard, Steinkraus and Platt 2003"},
                   {field("share", &Translate::share, unit_interval, "of the height and of the width")});
    add<Rotate>(catalog,
                {.name = "rotate",
                 .summary = "images: turned about the centre, linear between pixels, zeros come in",
                 .formula = "an angle uniform in [-degrees, degrees]",
                 .source = "Simard, Steinkraus and Platt 2003"},
                {field("degrees", &Rotate::degrees, Range{0, 180}, "the largest angle")});
    add<Zoom>(catalog,
              {.name = "zoom",
               .summary = "images: larger or smaller about the centre, linear between pixels",
               .formula = "a factor uniform in [low, high]",
               .source = "Krizhevsky, Sutskever and Hinton 2012, section 4.1 (changes of scale)"},
              {field("low", &Zoom::low, Range{0.01, 100}, "the smallest factor; below 1 zeros come in"),
               field("high", &Zoom::high, Range{0.01, 100}, "the largest factor")});
    add<Noise>(catalog,
               {.name = "noise",
                .summary = "tables and images: normal noise on every feature",
                .formula = "x -> x + deviation sd(x) e, e standard normal,\n"
                           "sd(x) the feature's (image: its channel's) deviation over the training part",
                .source = "Bishop 1995, Training with noise is equivalent to Tikhonov regularization"},
               {field("deviation", &Noise::deviation, non_negative, "in units of sd(x)")});
    add<Cutout>(
        catalog,
        {.name = "cutout",
         .summary = "images: a square becomes the mean of the training part",
         .formula = "a square around a uniformly random pixel, clipped at the borders",
         .source = "DeVries and Taylor 2017 (16 of CIFAR-10's 32 pixels)"},
        {field("size", &Cutout::size, pixels_or_none, "pixels a side; 0: half of the image's shorter side")});
    add<Mixup>(catalog,
               {.name = "mixup",
                .summary = "tables and images: mixed with another example, targets too",
                .formula = "x -> lambda x + (1 - lambda) x', t -> lambda t + (1 - lambda) t',\n"
                           "lambda ~ Beta(alpha, alpha), (x', t') a random example",
                .source = "Zhang, Cisse, Dauphin and Lopez-Paz 2018"},
               {field("alpha", &Mixup::alpha, positive, "of the beta distribution")});
    add<Cutmix>(
        catalog,
        {.name = "cutmix",
         .summary = "images: a box of another image put in, the targets mixed by the areas",
         .formula =
             "a box of sides sqrt(1 - lambda) height and sqrt(1 - lambda) width around a random pixel,\n"
             "lambda ~ Beta(alpha, alpha), clipped at the borders;\n"
             "t -> lambda' t + (1 - lambda') t', lambda' the share of the image outside the box",
         .source = "Yun et al. 2019; lambda' from the clipped box, as in the authors' code"},
        {field("alpha", &Cutmix::alpha, positive, "of the beta distribution"),
         field("probability", &Cutmix::probability, unit_interval,
               "of a mixture at all; the authors' code has 0.5 for CIFAR")});
    add<Augmix>(
        catalog,
        {.name = "augmix",
         .summary = "images: a mixture of the image and chains of random operations, with a consistency loss",
         .formula = "x -> (1 - m) x + m sum_i w_i chain_i(x), w ~ Dirichlet(alpha), m ~ Beta(alpha, alpha),\n"
                    "chains of autocontrast, equalize, posterize, solarize, rotate, shear and translate;\n"
                    "loss(x) + weight JS(p(x); p(x'); p(x'')), x' and x'' two such mixtures",
         .source = "Hendrycks et al. 2020, algorithm 1"},
        {field("width", &Augmix::width, Range{1, Augmix::most_chains}, "chains"),
         field("depth", &Augmix::depth, Range{0, 16}, "operations of a chain; 0: 1, 2 or 3 at random"),
         field("severity", &Augmix::severity, Range{0, 10},
               "largest strength, in tenths of an operation's range"),
         field("alpha", &Augmix::alpha, positive, "of the Dirichlet and the beta distribution"),
         field("weight", &Augmix::weight, non_negative,
               "of the consistency loss; 0: none, and an update sees one mixture of each image")});
    return catalog;
}

}  // namespace

const Catalog<std::unique_ptr<Augmentation>>& augmentations() {
    static const auto catalog = make_augmentations();
    return catalog;
}

}  // namespace ravine
