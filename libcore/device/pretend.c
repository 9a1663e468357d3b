/* Properties of devices that are not here, by name. */
#include "device/pretend.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/room.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static int set_width(amkd_device *device, uint64_t width)
{
    if (width != 1 && width != 4 && width != 8 && width != 16)
        return amkd_fail("a width is 1, 4, 8 or 16");
    amkd_device_set_width(device, (size_t)width);
    device->type = width == 1 ? CL_DEVICE_TYPE_GPU : CL_DEVICE_TYPE_CPU;
    return 0;
}

static int set_local(amkd_device *device, uint64_t nbytes)
{
    device->local_nbytes = nbytes;
    return 0;
}

/* The lanes of a block are a work-group. */
static int set_group(amkd_device *device, uint64_t n)
{
    if (n < 32)
        return amkd_fail("a work-group has 32 work-items at least");
    device->max_work_group = (size_t)n;
    return 0;
}

static int set_units(amkd_device *device, uint64_t n)
{
    if (!n || n > INT_MAX)
        return amkd_fail("compute units are 1 to %d", INT_MAX);
    device->ncompute_units = (cl_uint)n;
    return 0;
}

static int set_memory(amkd_device *device, uint64_t nbytes)
{
    device->global_nbytes = nbytes;
    device->max_buffer_nbytes = nbytes / 4;
    return 0;
}

static const struct {
    const char *name;
    int (*set)(amkd_device *device, uint64_t value);
} properties[] = {
    {"width", set_width}, {"local", set_local},   {"group", set_group},
    {"units", set_units}, {"memory", set_memory},
};
enum { NPROPERTIES = sizeof properties / sizeof *properties };

/* item: "local=32K"; it is cut at its equals sign. */
static int set_one(amkd_device *device, char *item)
{
    uint64_t value;
    char *equals = strchr(item, '=');
    if (equals)
        *equals = 0;
    for (size_t p = 0; equals && p < NPROPERTIES; p++)
        if (!strcmp(item, properties[p].name)) {
            if (amkd_room_parse(&value, equals + 1, item) ||
                properties[p].set(device, value))
                return amkd_fail_in("'%s=%s'", item, equals + 1);
            return 0;
        }
    if (equals)
        *equals = '=';
    return amkd_fail("'%s': expected width, local, group, units or memory, as "
                     "'width=1,local=32K'",
                     item);
}

int amkd_device_pretend(amkd_device *device, const char *list)
{
    char *copy = amkd_strdup(list), *rest = copy;
    int rc = copy ? 0 : -1;
    while (!rc && rest)
        rc = set_one(device, strsep(&rest, ","));
    free(copy);
    return rc;
}
