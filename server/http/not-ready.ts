/**
 * Why `/readyz` says no. Anyone may ask it, so the answer has no name of a flow, node or file, no path and no address;
 * what exactly is wrong is in the log. The codes are an interface: alerts name them.
 */
export const NOT_READY = {
  starting: 'it is starting',
  stopping: 'it is stopping',
  flows_stopped: 'flows are stopped',
  flows_missing_types: 'a type of node that the flows use is not available; the log says which',
  flows_missing_modules: 'a module that a function node uses cannot be loaded; the log says which',
  flows_failed: 'flows did not start; the log says why',
  flows_refused: 'flows that use nodes which are off do not run, the others do; the log says which and how to allow it',
  flow_files_invalid: 'the flow files cannot be loaded; the log says why',
  credentials_unreadable: 'the credentials of the flows cannot be decrypted',
  store_not_writing: 'state cannot be saved; the log says why',
  check_failed: 'readiness could not be checked',
} as const;

/** Why a replica that is ready runs nothing. */
export const STANDBY = {
  code: 'standby',
  message: 'another replica runs the flows; this one takes over when it is gone',
};

export type NotReady = keyof typeof NOT_READY;

/** What `/readyz` tells beside its answer: it is no reason to send nobody here. */
export const NOTICES = {
  flows_held_back: 'a flow that brought the program down is held back, the others run; the log says which',
} as const;

export type Notice = keyof typeof NOTICES;
