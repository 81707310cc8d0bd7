#include <iostream>

#include "ravine/core/shape.hpp"

int main() {
    const ravine::Shape image{28, 28};
    std::cout << "Ravine " RAVINE_VERSION ": an image of 28 x 28 has " << ravine::element_count(image)
              << " elements\n";
    return ravine::element_count(image) == 784 ? 0 : 1;
}
