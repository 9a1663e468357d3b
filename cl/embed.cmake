# Turns sources into C strings:
# cmake -DOUTPUT=x.c -DPREFIX=amkd_cl_ -DSOURCES="a.cl;b.cl" -P embed.cmake
# Each a.cl becomes `const char PREFIXa[]`, as an array of bytes, which has no length limit.
set(text "/* made by embed.cmake */\n")
foreach(source ${SOURCES})
    get_filename_component(name ${source} NAME_WE)
    file(READ ${source} bytes HEX)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
    string(APPEND text "const char ${PREFIX}${name}[] = {${bytes}0};\n")
endforeach()
file(WRITE ${OUTPUT} "${text}")
