/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* mj-load: a made-up country of agencies, Missions Locales and young people, and a year of its missions, sent as many
 * agencies at once. Nothing in it is about anybody. */
#include <stdlib.h>

#include "options.h"
#include "run.h"
#include "seed.h"

int main(int argc, char **argv)
{
    struct load_options o;
    int rc = load_options_read(&o, argc, argv);

    if (rc != 0)
        return rc < 0 ? 64 : EXIT_SUCCESS;       /* 64: EX_USAGE */
    return o.verb == LOAD_SEED ? load_seed(&o) : load_run(&o);
}
