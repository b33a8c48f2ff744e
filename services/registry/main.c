/* SPDX-FileCopyrightText: 2026 The Mission Jeunes maintainers
 * SPDX-License-Identifier: Apache-2.0 */
/* registry: who is who, who may what, where each service runs; young people's pathways. */
#include "registry/registry.h"

int main(int argc, char **argv)
{
    return mj_daemon_main(&mj_registry_service, argc, argv);
}
