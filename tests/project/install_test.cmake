# Installs the build into an empty prefix, then builds and runs examples/find_package against nothing but that prefix.
#   cmake -DBINARY_DIR=… -DSOURCE_DIR=… -DWORK_DIR=… -DCXX=… -DBUILD_TYPE=… -P install_test.cmake
function(run)
    execute_process(COMMAND ${ARGN} COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(REMOVE_RECURSE "${WORK_DIR}") # what an earlier run installed must not help this one
run("${CMAKE_COMMAND}" --install "${BINARY_DIR}" --prefix "${WORK_DIR}/prefix")
run("${CMAKE_COMMAND}" -S "${SOURCE_DIR}/examples/find_package" -B "${WORK_DIR}/build" -G Ninja
    "-DCMAKE_PREFIX_PATH=${WORK_DIR}/prefix" "-DCMAKE_CXX_COMPILER=${CXX}" "-DCMAKE_BUILD_TYPE=${BUILD_TYPE}")
run("${CMAKE_COMMAND}" --build "${WORK_DIR}/build")
run("${WORK_DIR}/build/example")
if(EXISTS "${BINARY_DIR}/ravine")
    run("${WORK_DIR}/prefix/bin/ravine" --help)
endif()
