# Makes of what was installed for a package what Debian's policy wants: manual pages that
# are packed, completions where its zsh looks for those of packages, and for each package its
# license and its changelog. cpack runs it when all components lie in
# CPACK_TEMPORARY_INSTALL_DIRECTORY, before they are packed.
if(NOT CPACK_GENERATOR STREQUAL DEB)
    return()
endif()

function(pack file)
    execute_process(COMMAND gzip -9nf ${file} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

file(READ ${CPACK_RESOURCE_FILE_LICENSE} license)
string(REGEX MATCH "Copyright[^\n]*" holder "${license}")
string(REGEX REPLACE "^Copyright \\(c\\) " "" holder "${holder}")
string(REGEX REPLACE "^.*Copyright[^\n]*\n\n" "" terms "${license}")
string(REGEX REPLACE "\n\n" "\n.\n" terms "${terms}")
string(REGEX REPLACE "\n$" "" terms "${terms}")
string(REPLACE "\n" "\n " terms "${terms}")
string(TIMESTAMP date "%a, %d %b %Y %H:%M:%S +0000" UTC)

foreach(component ${CPACK_COMPONENTS_ALL})
    string(TOUPPER ${component} upper)
    set(name ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
    set(share ${CPACK_TEMPORARY_INSTALL_DIRECTORY}/${component}/usr/share)
    set(doc ${share}/doc/${name})
    file(GLOB pages ${share}/man/man*/*.[1-9])
    foreach(page ${pages})
        pack(${page})
    endforeach()
    file(REMOVE ${doc}/LICENSE)
    if(EXISTS ${share}/zsh/site-functions)
        file(RENAME ${share}/zsh/site-functions ${share}/zsh/vendor-completions)
    endif()
    file(WRITE ${doc}/copyright
"Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: amkd

Files: *
Copyright: ${holder}
License: Expat
 ${terms}
")
    file(WRITE ${doc}/changelog
"${CPACK_PACKAGE_NAME} (${CPACK_PACKAGE_VERSION}) unstable; urgency=medium

  * Version ${CPACK_PACKAGE_VERSION}.

 -- ${CPACK_PACKAGE_CONTACT}  ${date}
")
    pack(${doc}/changelog)
endforeach()
