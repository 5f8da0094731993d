# What `cmake --install` puts where: the binary and the scripts in bin, what scripts share in libexec (where Apache's scripts
# look for it too), a sample configuration in etc/zookeeper, manual pages and documents in share.
include(GNUInstallDirs)

install(TARGETS drover RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
file(GLOB scripts CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/bin/*.sh)
list(REMOVE_ITEM scripts ${CMAKE_SOURCE_DIR}/bin/zkEnv.sh)
install(PROGRAMS ${scripts} DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES bin/zkEnv.sh DESTINATION ${CMAKE_INSTALL_LIBEXECDIR})
install(FILES conf/zoo_sample.cfg DESTINATION ${CMAKE_INSTALL_SYSCONFDIR}/zookeeper)
install(DIRECTORY ${DROVER_MAN_DIR}/ DESTINATION ${CMAKE_INSTALL_MANDIR})
install(FILES LICENSE README.md README.zh.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR}/docs)
