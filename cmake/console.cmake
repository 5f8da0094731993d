# The web console: console/ built with npm, and embedded in the binary. Sets DROVER_CONSOLE_SOURCE, a generated
# file of the room `server`.
#
# AUTO builds it where node and npm are found, and leaves it out, with one line that says so, where they are
# not or npm's packages cannot be had; ON stops the build then; OFF never tries.
set(DROVER_CONSOLE AUTO CACHE STRING "The web console in the binary: AUTO (where npm is found), ON or OFF")
set_property(CACHE DROVER_CONSOLE PROPERTY STRINGS AUTO ON OFF)
if(NOT DROVER_CONSOLE MATCHES "^(AUTO|ON|OFF)$")
  message(FATAL_ERROR "DROVER_CONSOLE is ${DROVER_CONSOLE}; it may be AUTO, ON or OFF")
endif()

find_program(DROVER_NODE NAMES node nodejs)
find_program(DROVER_NPM npm)
mark_as_advanced(DROVER_NODE DROVER_NPM)

set(console_mode ${DROVER_CONSOLE})
if(DROVER_CONSOLE STREQUAL "OFF")
  message(STATUS "Web console left out: DROVER_CONSOLE is OFF")
elseif(NOT DROVER_NODE OR NOT DROVER_NPM)
  if(DROVER_CONSOLE STREQUAL "ON")
    message(FATAL_ERROR "DROVER_CONSOLE is ON, and node or npm is missing: apt-get install nodejs npm")
  endif()
  message(STATUS "Web console left out: node or npm is missing (apt-get install nodejs npm, then build again)")
  set(console_mode OFF)
endif()

set(DROVER_CONSOLE_SOURCE ${CMAKE_BINARY_DIR}/console/console_files.cc)
set(console_root ${CMAKE_SOURCE_DIR}/console)
file(GLOB_RECURSE console_inputs CONFIGURE_DEPENDS ${console_root}/src/*)
list(APPEND console_inputs ${console_root}/package.json ${console_root}/package-lock.json
  ${console_root}/tsconfig.json ${console_root}/build.mjs ${console_root}/index.html ${console_root}/left_out.html)

add_custom_command(OUTPUT ${DROVER_CONSOLE_SOURCE}
  COMMAND ${CMAKE_COMMAND} -DMODE=${console_mode} -DSOURCE=${console_root} -DWORK=${CMAKE_BINARY_DIR}/console
    -DNPM=${DROVER_NPM} -DOUTPUT=${DROVER_CONSOLE_SOURCE} -P ${CMAKE_CURRENT_LIST_DIR}/console_build.cmake
  DEPENDS ${console_inputs} ${CMAKE_CURRENT_LIST_DIR}/console_build.cmake ${CMAKE_CURRENT_LIST_DIR}/console_embed.cmake
  COMMENT "Building the web console"
  VERBATIM)
