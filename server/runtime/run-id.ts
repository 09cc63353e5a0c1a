const RUN_ID = /^[\w-]{1,64}$/;

export const isRunId = (id: unknown): id is string => typeof id === 'string' && RUN_ID.test(id);

/** The run that a message is about. */
export function runOf(msg: object): string | undefined {
  const { workflowId } = msg as { workflowId?: unknown };
  return isRunId(workflowId) ? workflowId : undefined;
}
