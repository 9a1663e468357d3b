/* The local memory that kernels get by their arguments: PoCL 6 does not count it where it
 * is asked what a kernel takes. */
#include "driver.h"
#include <pthread.h>
#include <stdlib.h>

/* Arguments of kernels that there are, of which the last counts for its index. */
enum { MOST = 256 };
static struct {
    cl_kernel kernel;
    cl_uint index;
    size_t nbytes;
} arguments[MOST];
static size_t narguments;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void note(cl_kernel kernel, cl_uint index, size_t nbytes)
{
    size_t a = 0;
    pthread_mutex_lock(&lock);
    while (a < narguments &&
           (arguments[a].kernel != kernel || arguments[a].index != index))
        a++;
    if (a == MOST)
        abort();
    narguments += a == narguments;
    arguments[a].kernel = kernel;
    arguments[a].index = index;
    arguments[a].nbytes = nbytes;
    pthread_mutex_unlock(&lock);
}

static void forget(cl_kernel kernel)
{
    size_t nleft = 0;
    pthread_mutex_lock(&lock);
    for (size_t a = 0; a < narguments; a++)
        if (arguments[a].kernel != kernel)
            arguments[nleft++] = arguments[a];
    narguments = nleft;
    pthread_mutex_unlock(&lock);
}

cl_int like_set_arg(cl_kernel kernel, cl_uint index, size_t nbytes, const void *value)
{
    const cl_int status = DRIVER_REAL(clSetKernelArg)(kernel, index, nbytes, value);
    if (!status && !value)
        note(kernel, index, nbytes);
    return status;
}

cl_int like_release_kernel(cl_kernel kernel)
{
    forget(kernel);
    return DRIVER_REAL(clReleaseKernel)(kernel);
}

size_t driver_local_of(cl_kernel kernel)
{
    size_t nbytes = 0;
    pthread_mutex_lock(&lock);
    for (size_t a = 0; a < narguments; a++)
        if (arguments[a].kernel == kernel)
            nbytes += arguments[a].nbytes;
    pthread_mutex_unlock(&lock);
    return nbytes;
}
