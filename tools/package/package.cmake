# Debian packages, by cpack: amkd with the tools, libamkd0 with the shared library,
# libamkd-dev with what is needed to build with it, and where an MPI was found amkd-mpi with
# the tools that it starts. The components of install() are them.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME amkd)
set(CPACK_PACKAGE_CONTACT "the amkd authors <amkd@packages.example.org>" CACHE STRING
    "who maintains the packages: NAME <ADDRESS>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian.cmake)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)

set(CPACK_COMPONENTS_ALL tools library development)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# amkd-distill is make over the tools, and these do nothing without an OpenCL driver.
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME amkd)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION science)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "make, pocl-opencl-icd | opencl-icd")
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS dataset-fashion-mnist)
set(CPACK_COMPONENT_TOOLS_DESCRIPTION
"distil a black box for images into a small network
Asks a teacher, which may be a paid service, a program or a model, about a few
of many images, chooses those of which most is to be learnt, and trains a
student network of any size on the answers. Computes on any OpenCL device.")

set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libamkd${PROJECT_VERSION_MAJOR})
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_RECOMMENDS "pocl-opencl-icd | opencl-icd")
# What a package that is linked with it depends on, and that the linker's cache is renewed.
set(control ${CMAKE_CURRENT_BINARY_DIR}/package)
file(WRITE ${control}/shlibs "libamkd ${PROJECT_VERSION_MAJOR} \
libamkd${PROJECT_VERSION_MAJOR} (>= ${PROJECT_VERSION})\n")
file(WRITE ${control}/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_LIBRARY_PACKAGE_CONTROL_EXTRA ${control}/shlibs ${control}/triggers)
set(CPACK_COMPONENT_LIBRARY_DESCRIPTION
"models and streams of amkd for other programs
Runs the networks that amkd trains on any OpenCL device, reads its streams of
images and labels, and writes labels. This is the shared library.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libamkd-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libamkd${PROJECT_VERSION_MAJOR} (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SUGGESTS
    "ocl-icd-opencl-dev, libclblast-dev, libjansson-dev, libxxhash-dev, libdeflate-dev, zlib1g-dev")
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
"models and streams of amkd for other programs (development files)
Runs the networks that amkd trains on any OpenCL device, reads its streams of
images and labels, and writes labels. This is the header, the static library
and the manual. Linking with the static one takes the packages suggested.")
if(MPI_C_FOUND)
    list(APPEND CPACK_COMPONENTS_ALL mpi)
    set(CPACK_DEBIAN_MPI_PACKAGE_NAME amkd-mpi)
    set(CPACK_DEBIAN_MPI_PACKAGE_SECTION science)
    set(CPACK_DEBIAN_MPI_PACKAGE_DEPENDS "amkd (= ${PROJECT_VERSION})")
    set(CPACK_COMPONENT_MPI_DESCRIPTION
"distil a black box for images into a small network (MPI)
Those tools of amkd that several processes, which MPI starts on one machine or
on several, run together.")
endif()
include(CPack)
