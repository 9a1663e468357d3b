/* Buffers on a device, and the blocking copies between them and the host. */
#include "base/error.h"
#include "device/device.h"

int amkd_buffer_new(cl_mem *out, amkd_device *device, cl_mem_flags flags, size_t nbytes,
                    const void *bytes)
{
    *out = NULL;
    /* Said here, because drivers answer a size beyond their limit with anything from
     * CL_INVALID_BUFFER_SIZE to a crash at first use. */
    if (nbytes > device->max_buffer_nbytes)
        return amkd_fail(
            "a buffer of %zu bytes is beyond the %llu that device '%s' allows", nbytes,
            (unsigned long long)device->max_buffer_nbytes, device->name);
    if (bytes && nbytes)
        flags |= CL_MEM_COPY_HOST_PTR;
    cl_int status;
    cl_mem buffer = clCreateBuffer(device->context, flags, nbytes ? nbytes : 1,
                                   bytes && nbytes ? (void *)bytes : NULL, &status);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "a buffer of %zu bytes on device '%s'", nbytes,
                            device->name);
    *out = buffer;
    return 0;
}

void amkd_buffer_free(cl_mem buffer)
{
    if (buffer)
        amkd_cl_tidied(clReleaseMemObject(buffer), "clReleaseMemObject");
}

int amkd_device_scratch(cl_mem *out, amkd_device *device, size_t nbytes)
{
    cl_mem larger;
    if (nbytes > device->scratch_nbytes) {
        if (amkd_buffer_new(&larger, device, CL_MEM_READ_WRITE, nbytes, NULL))
            return amkd_fail_in("room for a layer's own work");
        amkd_buffer_free(device->scratch); /* what is enqueued keeps it */
        device->scratch = larger;
        device->scratch_nbytes = nbytes;
    }
    *out = device->scratch;
    return 0;
}

static int read_back(amkd_device *device, cl_bool wait, void *bytes, cl_mem buffer,
                     size_t offset, size_t nbytes, cl_event *done)
{
    cl_int status = clEnqueueReadBuffer(device->queue, buffer, wait, offset, nbytes,
                                        bytes, 0, NULL, done);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "reading %zu bytes at %zu from device '%s'", nbytes,
                            offset, device->name);
    return 0;
}

static int upload(amkd_device *device, cl_bool wait, cl_mem buffer, const void *bytes,
                  size_t offset, size_t nbytes)
{
    cl_int status = clEnqueueWriteBuffer(device->queue, buffer, wait, offset, nbytes,
                                         bytes, 0, NULL, NULL);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "writing %zu bytes at %zu to device '%s'", nbytes,
                            offset, device->name);
    return 0;
}

int amkd_buffer_read(amkd_device *device, void *bytes, cl_mem buffer, size_t offset,
                     size_t nbytes)
{
    return nbytes ? read_back(device, CL_TRUE, bytes, buffer, offset, nbytes, NULL) : 0;
}

int amkd_buffer_write(amkd_device *device, cl_mem buffer, const void *bytes,
                      size_t offset, size_t nbytes)
{
    return nbytes ? upload(device, CL_TRUE, buffer, bytes, offset, nbytes) : 0;
}

int amkd_buffer_read_later(amkd_device *device, void *bytes, cl_mem buffer, size_t offset,
                           size_t nbytes, cl_event *done)
{
    return read_back(device, CL_FALSE, bytes, buffer, offset, nbytes, done);
}

int amkd_buffer_write_later(amkd_device *device, cl_mem buffer, const void *bytes,
                            size_t offset, size_t nbytes)
{
    return upload(device, CL_FALSE, buffer, bytes, offset, nbytes);
}

int amkd_event_wait(const amkd_device *device, cl_event *event)
{
    cl_int status = clWaitForEvents(1, event);
    amkd_cl_tidied(clReleaseEvent(*event), "clReleaseEvent");
    *event = NULL;
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "waiting for device '%s'", device->name);
    return 0;
}

int amkd_buffer_copy(amkd_device *device, cl_mem to, size_t to_offset, cl_mem from,
                     size_t nbytes)
{
    cl_int status =
        clEnqueueCopyBuffer(device->queue, from, to, 0, to_offset, nbytes, 0, NULL, NULL);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "copying %zu bytes on device '%s'", nbytes,
                            device->name);
    return 0;
}

int amkd_buffer_zero(amkd_device *device, cl_mem buffer, size_t nbytes)
{
    if (!nbytes)
        return 0;
    /* The widest pattern that divides the size: byte patterns are filled byte by byte. */
    static const cl_uchar zeros[16] = {0};
    size_t pattern_nbytes = sizeof(zeros);
    while (nbytes % pattern_nbytes)
        pattern_nbytes /= 2;
    cl_int status = clEnqueueFillBuffer(device->queue, buffer, zeros, pattern_nbytes, 0,
                                        nbytes, 0, NULL, NULL);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "zeroing %zu bytes on device '%s'", nbytes,
                            device->name);
    return 0;
}

int amkd_device_finish(amkd_device *device)
{
    cl_int status = clFinish(device->queue);
    if (status != CL_SUCCESS)
        return amkd_fail_cl(status, "waiting for device '%s'", device->name);
    return 0;
}

void amkd_device_drain(amkd_device *device)
{
    amkd_cl_tidied(clFinish(device->queue), "clFinish");
}
