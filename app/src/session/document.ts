/** Page on which readers choose the node they believe. The server lets its document, and no other, reach any node. */
export const PROOFS = '/verify';

/** Whether this document may reach any node, as the server decided when it was loaded. It never holds a secret. */
export const reachesAnyNode = location.pathname === PROOFS;
