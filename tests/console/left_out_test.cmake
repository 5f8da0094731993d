# With an npm that fails, AUTO builds all the same, says so in one line and embeds the page that tells how to get
# the console; ON stops; OFF does not even try.
function(build mode)
  file(REMOVE_RECURSE ${WORK})
  execute_process(
    COMMAND ${CMAKE_COMMAND} -DMODE=${mode} -DSOURCE=${SOURCE} -DWORK=${WORK} -DNPM=/bin/false -DOUTPUT=${WORK}/files.cc -P ${SCRIPT}
    RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE error)
  set(result ${result} PARENT_SCOPE)
  set(said "${out}${error}" PARENT_SCOPE)
endfunction()

function(expect_left_out)
  file(READ ${WORK}/files.cc files)
  if(NOT result EQUAL 0 OR NOT files MATCHES "index.html" OR files MATCHES "assets/app")
    message(FATAL_ERROR "no page that says how to get the console: ${result}\n${said}\n${files}")
  endif()
endfunction()

build(AUTO)
expect_left_out()
if(NOT said MATCHES "^Web console left out: npm ci failed [^\n]*\n$")
  message(FATAL_ERROR "not one line: ${said}")
endif()
build(OFF)
expect_left_out()
if(NOT said STREQUAL "")
  message(FATAL_ERROR "OFF has nothing to say: ${said}")
endif()
build(ON)
if(result EQUAL 0 OR EXISTS ${WORK}/files.cc)
  message(FATAL_ERROR "ON went on without npm")
endif()
file(REMOVE_RECURSE ${WORK})
