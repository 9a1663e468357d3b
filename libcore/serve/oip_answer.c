/* Writes answers and metadata of the Open Inference Protocol. */
#include "base/version.h"
#include "serve/oip.h"

/* The model's name and version open every answer. */
static void open_answer(amkd_bytes *answer, const amkd_served *served)
{
    amkd_bytes_format(answer, "{\"model_name\":");
    amkd_bytes_quote(answer, served->name);
    amkd_bytes_format(answer, ",\"model_version\":");
    amkd_bytes_quote(answer, served->version);
}

static void add_output(amkd_bytes *answer, const amkd_served *served,
                       const amkd_question *question, size_t o, const float *values)
{
    const size_t nvalues = question->n * served->nclasses;
    amkd_bytes_format(answer,
                      "%s{\"name\":\"%s\",\"datatype\":\"FP32\",\"shape\":[%zu,%zu],",
                      o ? "," : "", amkd_output_names[question->outputs[o].kind],
                      question->n, served->nclasses);
    if (question->outputs[o].binary) {
        amkd_bytes_format(answer, "\"parameters\":{\"binary_data_size\":%zu}}",
                          nvalues * sizeof *values);
        return;
    }
    amkd_bytes_format(answer, "\"data\":");
    amkd_bytes_floats(answer, values, nvalues);
    amkd_bytes_format(answer, "}");
}

void amkd_oip_answer(amkd_bytes *answer, size_t *json_nbytes, const amkd_served *served,
                     const amkd_question *question, const amkd_outputs *outputs)
{
    const size_t begin = answer->n;
    open_answer(answer, served);
    if (question->id) {
        amkd_bytes_format(answer, ",\"id\":");
        amkd_bytes_quote(answer, question->id);
    }
    amkd_bytes_format(answer, ",\"outputs\":[");
    for (size_t o = 0; o < question->noutputs; o++)
        add_output(answer, served, question, o,
                   outputs->values[question->outputs[o].kind]);
    amkd_bytes_format(answer, "]}");
    *json_nbytes = 0;
    const size_t nbytes = question->n * served->nclasses * sizeof(float);
    const size_t end = answer->n;
    for (size_t o = 0; o < question->noutputs; o++) {
        if (!question->outputs[o].binary)
            continue;
        *json_nbytes = end - begin;
        amkd_bytes_add(answer, outputs->values[question->outputs[o].kind], nbytes);
    }
}

void amkd_oip_server_metadata(amkd_bytes *answer)
{
    amkd_bytes_format(answer, "{\"name\":\"amkd-serve\",\"version\":\"" AMKD_VERSION
                              "\",\"extensions\":[\"binary_tensor_data\"]}");
}

void amkd_oip_model_metadata(amkd_bytes *answer, const amkd_served *served)
{
    const amkd_shape in = served->in;
    amkd_bytes_format(answer, "{\"name\":");
    amkd_bytes_quote(answer, served->name);
    amkd_bytes_format(answer, ",\"versions\":[");
    amkd_bytes_quote(answer, served->version);
    amkd_bytes_format(answer,
                      "],\"platform\":\"amkd\",\"inputs\":[{\"name\":"
                      "\"" AMKD_INPUT_NAME "\",\"datatype\":\"%s\",\"shape\":",
                      served->floats ? "FP32" : "UINT8");
    if (served->floats)
        amkd_bytes_format(answer, "[-1,%zu,%zu,%zu]", in.channels, in.height, in.width);
    else
        amkd_bytes_format(answer, "[-1,%zu,%zu,%zu]", in.height, in.width, in.channels);
    amkd_bytes_format(answer, "}],\"outputs\":[");
    for (int k = 0; k < AMKD_NOUTPUTS; k++)
        amkd_bytes_format(answer,
                          "%s{\"name\":\"%s\",\"datatype\":\"FP32\",\"shape\":[-1,%zu]}",
                          k ? "," : "", amkd_output_names[k], served->nclasses);
    amkd_bytes_format(answer, "]");
    if (served->class_names) {
        amkd_bytes_format(answer, ",\"parameters\":{\"class_names\":");
        amkd_bytes_json(answer, served->class_names);
        amkd_bytes_format(answer, "}");
    }
    amkd_bytes_format(answer, "}");
}
