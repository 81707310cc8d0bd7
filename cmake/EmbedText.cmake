# Embeds text files in the program, as C++ raw string literals.
#
#   embed_text(TARGET HEADER NAMESPACE name=file ...)
#
# gives `const std::string_view NAMESPACE::name`, which HEADER declares, the contents of each file. Run as a script, this
# file writes the source; a changed file is embedded again by the next build.

function(embed_text target header namespace)
    set(source "${CMAKE_CURRENT_BINARY_DIR}/${namespace}.cpp")
    set(files "")
    foreach(item IN LISTS ARGN)
        string(REGEX REPLACE "^[^=]*=" "" file "${item}")
        list(APPEND files "${file}")
    endforeach()
    add_custom_command(OUTPUT "${source}"
        COMMAND "${CMAKE_COMMAND}" "-DSOURCE=${source}" "-DHEADER=${header}" "-DNAMESPACE=${namespace}" "-DFILES=${ARGN}"
            -P "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
        DEPENDS ${files} "${CMAKE_CURRENT_FUNCTION_LIST_FILE}"
        COMMENT "Embedding ${namespace}" VERBATIM)
    target_sources(${target} PRIVATE "${source}")
    # Longer than the standard promises a literal may be; the compilers here take it.
    set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS -Wno-overlength-strings)
endfunction()

if(CMAKE_SCRIPT_MODE_FILE)
    file(WRITE "${SOURCE}" "#include \"${HEADER}\"\n\nnamespace ravine::${NAMESPACE} {\n")
    foreach(item IN LISTS FILES)
        string(REGEX MATCH "^[^=]*" name "${item}")
        string(REGEX REPLACE "^[^=]*=" "" path "${item}")
        file(READ "${path}" contents)
        string(FIND "${contents}" ")ravine\"" end)
        if(NOT end EQUAL -1)
            message(FATAL_ERROR "${path}: )ravine\" would end the string")
        endif()
        file(APPEND "${SOURCE}" "const std::string_view ${name} = R\"ravine(${contents})ravine\";\n")
    endforeach()
    file(APPEND "${SOURCE}" "}  // namespace ravine::${NAMESPACE}\n")
endif()
