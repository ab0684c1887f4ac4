/** The transaction failed, or was refused before it was sent. The message is what the program says of it. */
export class Failed extends Error {
  override name = 'Failed';
}

/** The network took too long, three times. Nothing happened. */
export class Expired extends Error {
  override name = 'Expired';
}

/** The node of the network does not answer. */
export class NodeAway extends Error {
  override name = 'NodeAway';
}

/** It was signed and sent, and nobody answers what became of it. */
export class Unconfirmed extends Error {
  override name = 'Unconfirmed';
}
