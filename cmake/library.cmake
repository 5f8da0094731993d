# The C++ client library as others use it: one archive of the rooms that it is made of, the public headers, a CMake package
# (find_package(drover), target drover::client) and a pkg-config file. `cmake --install BUILD --component library` puts
# them below the prefix; DROVER_SERVER=OFF builds nothing else.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
find_package(Boost 1.81 REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)

set(rooms base wire client recipes)
set(objects)
foreach(room ${rooms})
  list(APPEND objects $<TARGET_OBJECTS:drover_${room}>)
endforeach()

add_library(drover_library ${objects})
add_library(drover::client ALIAS drover_library)
set_target_properties(drover_library PROPERTIES
  LINKER_LANGUAGE CXX OUTPUT_NAME drover EXPORT_NAME client ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib
  LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/lib
  # Before 1.0 a new minor version may change any layout (docs/library/abi.md).
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
target_compile_features(drover_library PUBLIC cxx_std_23)
target_include_directories(drover_library PUBLIC
  $<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
target_link_libraries(drover_library PUBLIC Boost::headers Threads::Threads PRIVATE fmt::fmt ZLIB::ZLIB)
if(DROVER_SANITIZE)
  target_link_options(drover_library PUBLIC -fsanitize=${DROVER_SANITIZE})
endif()

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/drover)
install(TARGETS drover_library EXPORT drover COMPONENT library)
install(EXPORT drover NAMESPACE drover:: DESTINATION ${package} FILE drover-targets.cmake COMPONENT library)
install(DIRECTORY include/drover DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library FILES_MATCHING PATTERN "*.h")
configure_package_config_file(cmake/drover-config.cmake.in ${CMAKE_BINARY_DIR}/package/drover-config.cmake
  INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/drover-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/drover-config.cmake ${CMAKE_BINARY_DIR}/package/drover-config-version.cmake
  DESTINATION ${package} COMPONENT library)
file(RELATIVE_PATH DROVER_PC_INCLUDE
  ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_FULL_INCLUDEDIR})  # wherever the whole is moved
configure_file(cmake/drover.pc.in ${CMAKE_BINARY_DIR}/package/drover.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/package/drover.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
