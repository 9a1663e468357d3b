/* A table of first bytes. */
#include "data/magic.h"
#include <string.h>
#include <strings.h>

static const struct {
    size_t offset, nbytes;
    const char *bytes, *name;
} magics[] = {
    {0, 4, "GIF8", "a GIF picture"},
    {4, 7, "ftypavi", "an AVIF picture"},
    {4, 7, "ftyphei", "a HEIC picture"},
    {4, 7, "ftyphev", "a HEIC picture"},
    {4, 7, "ftypmif", "a HEIF picture"},
    {4, 4, "ftyp", "a film"},
    {0, 4, "II*\0", "a TIFF picture"},
    {0, 4, "MM\0*", "a TIFF picture"},
    {4, 4, "JXL ", "a JPEG XL picture"},
    {4, 4, "jP  ", "a JPEG 2000 picture"},
    {0, 2, "\xff\x0a", "a JPEG XL picture"},
    {0, 3, "P5\n", "a PGM picture"},
    {0, 3, "P6\n", "a PPM picture"},
    {0, 4, "8BPS", "a Photoshop picture"},
    {0, 4, "%PDF", "a PDF document"},
    {0, 4, "PK\3\4", "a zip archive (.npz is one: numpy.save its arrays one by one)"},
    {0, 2, "\x80\2", "a Python pickle (of CIFAR the binary version is read)"},
    {0, 2, "\x80\3", "a Python pickle (of CIFAR the binary version is read)"},
    {0, 2, "\x80\4", "a Python pickle"},
    {0, 2, "\x80\5", "a Python pickle"},
    {0, 4, "\x89HDF", "an HDF5 file"},
    {0, 3, "BZh", "compressed by bzip2"},
    {0, 6, "\xfd\x37zXZ\0", "compressed by xz"},
    {0, 4, "\x28\xb5\x2f\xfd", "compressed by zstd"},
    {257, 5, "ustar", "a tar archive"},
    {0, 4, "AMKD", "a stream of amkd's own (amkd-cat shows it)"},
    {0, 4, "<svg", "an SVG picture"},
    {0, 5, "<?xml", "XML"},
};

static const char *const pages[] = {"<!doctype html", "<html"};

/* The bytes of its header's JSON, eight bytes that say how many, and an object. */
static int is_safetensors(const unsigned char *bytes, size_t nbytes)
{
    return nbytes > 9 && bytes[8] == '{' && !bytes[4] && !bytes[5] && !bytes[6] &&
           !bytes[7] && (bytes[9] == '"' || bytes[9] == '}');
}

const char *amkd_magic_name(const void *bytes, size_t nbytes)
{
    if (!nbytes)
        return "an empty file";
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
        if (nbytes >= magics[i].offset + magics[i].nbytes &&
            !memcmp((const char *)bytes + magics[i].offset, magics[i].bytes,
                    magics[i].nbytes))
            return magics[i].name;
    if (is_safetensors(bytes, nbytes))
        return "a safetensors file, as models are";
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (nbytes >= strlen(pages[i]) && !strncasecmp(bytes, pages[i], strlen(pages[i])))
            return "a web page";
    return NULL;
}
