# Compiles the sources of a folder together, some at a time: what they include is read once for all of them, and what
# they instantiate is compiled once. That makes a build several times shorter. Each source stays a whole of its own (the
# library's are read one by one by ./dev arm64), but names in the unnamed namespaces of one folder must differ.
#
#   compile_together(TARGET MOST n [OPTIONS option ...] SOURCES source ...)
#
# adds the sources to the target, at most n in a batch, compiled with these options as well. Batches name their sources
# relative to the root of the repository, so that two checkouts share a compiler cache.

function(compile_together target)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "MOST" "OPTIONS;SOURCES")
    foreach(source IN LISTS arg_SOURCES)
        cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${PROJECT_SOURCE_DIR}" OUTPUT_VARIABLE path)
        cmake_path(GET path PARENT_PATH folder)
        list(APPEND folders "${folder}")
        list(APPEND "sources of ${folder}" "${path}")
    endforeach()
    list(REMOVE_DUPLICATES folders)
    foreach(folder IN LISTS folders)
        list(LENGTH "sources of ${folder}" count)
        math(EXPR batches "(${count} + ${arg_MOST} - 1) / ${arg_MOST}")
        foreach(batch RANGE 1 ${batches})
            math(EXPR begin "${count} * (${batch} - 1) / ${batches}")
            math(EXPR size "${count} * ${batch} / ${batches} - ${begin}")
            list(SUBLIST "sources of ${folder}" ${begin} ${size} these)
            list(TRANSFORM these REPLACE "(.+)" "#include \"\\1\"\n")
            string(REPLACE "/" "-" name "${folder}")
            set(file "${CMAKE_CURRENT_BINARY_DIR}/together/${name}-${batch}.cpp")
            string(JOIN "" contents ${these})
            file(CONFIGURE OUTPUT "${file}" CONTENT "${contents}" @ONLY)
            target_sources(${target} PRIVATE "${file}")
            set_source_files_properties("${file}" PROPERTIES COMPILE_OPTIONS "${arg_OPTIONS}")
        endforeach()
    endforeach()
endfunction()
