# Compiles the sources of a floor together, some at a time: what they include is read once for all of them, and what
# they instantiate is compiled once. That makes a build several times shorter. Each source stays a whole of its own (the
# library's are read one by one by ./dev arm64), but names in the unnamed namespaces of one floor must differ.
#
#   compile_together(TARGET MOST n [NAME name] [OPTIONS option ...] SOURCES source ...)
#
# adds the sources to the target, at most n in a batch, compiled with these options as well. A floor is a folder such as
# ravine/lab or tests/data, with its rooms; rooms are too small to have batches of their own. The name tells the batches
# of a floor whose sources have other options. Batches name their sources relative to the root of the repository, so
# that two checkouts share a compiler cache.

function(compile_together target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "MOST;NAME" "OPTIONS;SOURCES")
    foreach(source IN LISTS arg_SOURCES)
        cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE path)
        string(REGEX MATCH "^[^/]+(/[^/]+)?/" floor "${path}")
        list(APPEND floors "${floor}")
        list(APPEND "sources of ${floor}" "${path}")
    endforeach()
    list(REMOVE_DUPLICATES floors)
    foreach(floor IN LISTS floors)
        list(LENGTH "sources of ${floor}" count)
        math(EXPR batches "(${count} + ${arg_MOST} - 1) / ${arg_MOST}")
        foreach(batch RANGE 1 ${batches})
            math(EXPR begin "${count} * (${batch} - 1) / ${batches}")
            math(EXPR size "${count} * ${batch} / ${batches} - ${begin}")
            list(SUBLIST "sources of ${floor}" ${begin} ${size} these)
            list(TRANSFORM these REPLACE "(.+)" "#include \"\\1\"\n")
            string(REPLACE "/" "-" name "${floor}${arg_NAME}")
            set(file "${CMAKE_CURRENT_BINARY_DIR}/together/${name}${batch}.cpp")
            string(JOIN "" contents ${these})
            file(CONFIGURE OUTPUT "${file}" CONTENT "${contents}" @ONLY)
            target_sources(${target} PRIVATE "${file}")
            set_source_files_properties("${file}" PROPERTIES COMPILE_OPTIONS "${arg_OPTIONS}")
        endforeach()
    endforeach()
endfunction()
