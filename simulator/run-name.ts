/** Nextflow's own rule, which the Platform checks before it launches. */
const RUN_NAME = /^[a-z](?:[a-z\d]|[-_](?=[a-z\d])){0,79}$/;

export const isRunName = (text: string) => RUN_NAME.test(text);
