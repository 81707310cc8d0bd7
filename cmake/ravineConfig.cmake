# The library is static, so whoever links it links what it uses too.
include(CMakeFindDependencyMacro)

set(ravine_module_path "${CMAKE_MODULE_PATH}")
list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")
find_dependency(OneDNN)
set(CMAKE_MODULE_PATH "${ravine_module_path}")
unset(ravine_module_path)

find_dependency(hwy)
find_dependency(OpenMP COMPONENTS CXX)
find_dependency(fmt)
find_dependency(spdlog)
find_dependency(nlohmann_json)
find_dependency(tomlplusplus)
find_dependency(ZLIB)
find_dependency(LibArchive)
find_dependency(PNG)
find_dependency(JPEG)
find_dependency(CURL)
find_dependency(OpenSSL)

include("${CMAKE_CURRENT_LIST_DIR}/ravineTargets.cmake")
