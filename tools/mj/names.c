/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
#include "names.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "client/json.h"

/* "ROLE_MISSION_LOCALE" without the length of "ROLE_", small, with '-'. */
static void to_word(char out[64], const ProtobufCEnumDescriptor *d, const char *name)
{
    const char *first = d->values[0].name;               /* "ROLE_UNSPECIFIED" */
    size_t prefix = strlen(first) - strlen("UNSPECIFIED"), i = 0;
    for (name += prefix; name[i] && i < 63; i++)
        out[i] = name[i] == '_' ? '-' : (char)tolower((unsigned char)name[i]);
    out[i] = '\0';
}

const char *name_word(const ProtobufCEnumDescriptor *d, int value)
{
    static char word[64];
    const ProtobufCEnumValue *v = value ? protobuf_c_enum_descriptor_get_value(d, value) : NULL;
    word[0] = '\0';
    if (v)
        to_word(word, d, v->name);
    return word;
}

int name_value(struct cli *cli, const char *option, const ProtobufCEnumDescriptor *d, int *ret)
{
    char typed[64], words[512] = "";
    const char *given = cli_required(cli, option);
    if (!given)
        return EXIT_USAGE;
    snprintf(typed, sizeof typed, "%s", given);
    for (char *c = typed; *c; c++)
        *c = *c == '_' ? '-' : (char)tolower((unsigned char)*c);
    for (unsigned i = 0; i < d->n_values; i++) {
        const char *word = name_word(d, d->values[i].value);
        if (!word[0])
            continue;
        if (strcmp(word, typed) == 0) {
            *ret = d->values[i].value;
            return EXIT_OK;
        }
        snprintf(words + strlen(words), sizeof words - strlen(words), "%s%s", words[0] ? ", " : "", word);
    }
    return cli_usage(cli, "--%s: expected one of %s, got \"%s\"", option, words, given);
}

void print_message(const ProtobufCMessage *m)
{
    cli_print_json(mj_json_of_message(m));
}
