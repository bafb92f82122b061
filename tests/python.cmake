# The Python tests: each file one test of ctest's. The distribution's interpreter comes first.
find_program(CLICKSTREAM_PYTHON NAMES python3 PATHS /usr/bin NO_DEFAULT_PATH)
find_program(CLICKSTREAM_PYTHON NAMES python3)
execute_process(COMMAND ${CLICKSTREAM_PYTHON} -c "import pytest" RESULT_VARIABLE no_pytest ERROR_QUIET)
if(no_pytest)
  message(FATAL_ERROR "The tests need pytest for ${CLICKSTREAM_PYTHON}: scripts/install-deps --with test "
                      "(or build without them: -DCLICKSTREAM_TESTS=OFF, "
                      "or choose another interpreter: -DCLICKSTREAM_PYTHON=...)")
endif()

# One broker for all tests of a run, started by the first that needs it.
set(broker_state ${CMAKE_CURRENT_BINARY_DIR}/broker.json)
add_test(NAME "kafka: start"
         COMMAND ${CLICKSTREAM_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/support/broker_start.py ${broker_state})
add_test(NAME "kafka: stop"
         COMMAND ${CLICKSTREAM_PYTHON} ${CMAKE_CURRENT_SOURCE_DIR}/support/broker_stop.py ${broker_state})
set_tests_properties("kafka: start" PROPERTIES FIXTURES_SETUP kafka TIMEOUT 180)
set_tests_properties("kafka: stop" PROPERTIES FIXTURES_CLEANUP kafka TIMEOUT 120)
set_tests_properties("kafka: start" "kafka: stop" PROPERTIES ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)

# clickstream_pytest(NAME FILE [BROKER]): with BROKER, the run's broker is up meanwhile.
function(clickstream_pytest name file)
  cmake_parse_arguments(PARSE_ARGV 2 arg "BROKER" "" "")
  cmake_path(ABSOLUTE_PATH file)
  add_test(NAME ${name} COMMAND ${CLICKSTREAM_PYTHON} -m pytest ${file})
  set_tests_properties(${name} PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
  set(environment PYTHONDONTWRITEBYTECODE=1 CLICKSTREAM_BIN=$<TARGET_FILE:clickstream>)
  if(arg_BROKER)
    list(APPEND environment CLICKSTREAM_BROKER_STATE=${broker_state})
    set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED kafka)
  endif()
  set_tests_properties(${name} PROPERTIES ENVIRONMENT "${environment}")
endfunction()
