# OneDNN::OneDNN, without the package's own configuration file: Debian's asks for the OpenCL headers, which the library
# needs only on a GPU. Version 3 has another API, so it is refused.
find_path(OneDNN_INCLUDE_DIR dnnl.hpp)
find_library(OneDNN_LIBRARY dnnl)
mark_as_advanced(OneDNN_INCLUDE_DIR OneDNN_LIBRARY)

if(OneDNN_INCLUDE_DIR)
    file(STRINGS "${OneDNN_INCLUDE_DIR}/oneapi/dnnl/dnnl_version.h" parts REGEX "define DNNL_VERSION_(MAJOR|MINOR|PATCH)")
    list(TRANSFORM parts REPLACE "[^0-9]*([0-9]+).*" "\\1")
    list(JOIN parts "." OneDNN_VERSION)
    if(OneDNN_VERSION VERSION_GREATER_EQUAL 3)
        set(OneDNN_LIBRARY_IS_V2 FALSE)
    else()
        set(OneDNN_LIBRARY_IS_V2 TRUE)
    endif()
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(OneDNN
    REQUIRED_VARS OneDNN_LIBRARY OneDNN_INCLUDE_DIR OneDNN_LIBRARY_IS_V2
    VERSION_VAR OneDNN_VERSION)

if(OneDNN_FOUND AND NOT TARGET OneDNN::OneDNN)
    add_library(OneDNN::OneDNN UNKNOWN IMPORTED)
    set_target_properties(OneDNN::OneDNN PROPERTIES
        IMPORTED_LOCATION "${OneDNN_LIBRARY}"
        INTERFACE_INCLUDE_DIRECTORIES "${OneDNN_INCLUDE_DIR}")
endif()
