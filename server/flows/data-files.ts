/** Names within the data folder. */
export const DATA_FILES = {
  audit: 'audit',
  credentialSecret: 'credential-secret',
  /** Made by `rotate-secret`; takes the place of the other when everything is encrypted with it. */
  nextCredentialSecret: 'credential-secret-next',
  credentials: 'credentials.json',
  credentialsBefore: 'credentials-before.json',
  /** Which secret the credentials are sealed with. */
  credentialsSealed: 'credentials-sealed',
  deployers: 'deployers.json',
  sessions: 'sessions.json',
  settings: 'settings.json',
  /** Kept for notifications. */
  failedStarts: 'failed-starts.json',
  library: 'library',
  lock: 'lock',
  /** Left by `redstart log-level`; gone when it was taken. */
  logLevelRequest: 'log-level-request',
  removedFlows: 'removed-flows',
  state: 'state.db',
} as const;
