# cmake -DMODE=AUTO|ON|OFF -DSOURCE=console -DWORK=folder -DNPM=npm -DOUTPUT=file.cc -P console_build.cmake
# Builds a copy, so that neither node_modules nor anything else appears among the sources.
include(${CMAKE_CURRENT_LIST_DIR}/console_embed.cmake)

set(log ${WORK}/npm.log)

# Runs npm; what it prints goes to the log. Sets `failed` in the caller.
function(run_npm)
  execute_process(COMMAND ${NPM} ${ARGN} WORKING_DIRECTORY ${WORK}/source TIMEOUT 300
    RESULT_VARIABLE result OUTPUT_VARIABLE out ERROR_VARIABLE out)
  file(APPEND ${log} "$ npm ${ARGN}\n${out}\n")
  if(NOT result EQUAL 0)
    set(failed "npm ${ARGV0} failed" PARENT_SCOPE)
  endif()
endfunction()

function(leave_out)
  file(MAKE_DIRECTORY ${WORK}/left_out)
  configure_file(${SOURCE}/left_out.html ${WORK}/left_out/index.html COPYONLY)
  embed(${WORK}/left_out ${OUTPUT})
endfunction()

if(MODE STREQUAL "OFF")
  leave_out()
  return()
endif()

file(WRITE ${log} "")
file(MAKE_DIRECTORY ${WORK}/source)
file(REMOVE_RECURSE ${WORK}/source/src ${WORK}/source/dist)
foreach(name src package.json package-lock.json tsconfig.json build.mjs index.html)
  file(COPY ${SOURCE}/${name} DESTINATION ${WORK}/source)
endforeach()

# What is installed already stays: a change of the console needs no network.
file(SHA256 ${SOURCE}/package-lock.json wanted)
set(installed "")
if(EXISTS ${WORK}/installed)
  file(READ ${WORK}/installed installed)
endif()
set(failed "")
if(NOT installed STREQUAL wanted)
  # Nobody waits for minutes where there is no network.
  run_npm(ci --ignore-scripts --no-audit --no-fund --prefer-offline
    --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=2000 --fetch-timeout=60000)
  if(NOT failed)
    file(WRITE ${WORK}/installed ${wanted})
  endif()
endif()
if(NOT failed)
  run_npm(run build)
  if(failed)  # the sources are wrong, not the network: nobody wants that hidden
    file(READ ${log} said)
    message(FATAL_ERROR "web console: ${failed}\n${said}")
  endif()
endif()
if(NOT failed)
  embed(${WORK}/source/dist ${OUTPUT})
elseif(MODE STREQUAL "ON")
  file(READ ${log} said)
  message(FATAL_ERROR "web console: ${failed}\n${said}")
else()
  execute_process(COMMAND ${CMAKE_COMMAND} -E echo "Web console left out: ${failed} (see ${log})")
  leave_out()
endif()
