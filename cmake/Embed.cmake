# clickstream_embed(TARGET NAMESPACE FILE...): builds each file into the target, as a function std::string_view name()
# of the namespace; the name is the file's, with an underscore for each dot.
#
# Run by `cmake -P` with INPUT, OUTPUT, NAMESPACE and NAME set, this file writes the C++ source of one such function.
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${INPUT}" bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  file(WRITE "${OUTPUT}"
"#include <string_view>

namespace ${NAMESPACE} {

std::string_view ${NAME}();

std::string_view ${NAME}() {
  static constexpr unsigned char bytes[] = {${bytes}};
  return {reinterpret_cast<const char*>(bytes), sizeof bytes};
}

}  // namespace ${NAMESPACE}
")
  return()
endif()

set(CLICKSTREAM_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(clickstream_embed target namespace)
  foreach(file ${ARGN})
    cmake_path(ABSOLUTE_PATH file)
    cmake_path(GET file FILENAME filename)
    string(REPLACE "." "_" name ${filename})
    set(output ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
    add_custom_command(OUTPUT ${output} DEPENDS ${file} ${CLICKSTREAM_EMBED_SCRIPT} VERBATIM
      COMMAND ${CMAKE_COMMAND} -DINPUT=${file} -DOUTPUT=${output} -DNAMESPACE=${namespace} -DNAME=${name}
              -P ${CLICKSTREAM_EMBED_SCRIPT})
    target_sources(${target} PRIVATE ${output})
  endforeach()
endfunction()
