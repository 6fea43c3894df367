/** Every bound of the live side, in one place. */
export interface LiveLimits {
  /** Clients at a time. */
  readonly maxClients: number;
  /** Streams that one client may subscribe to. */
  readonly maxSubscriptions: number;
  /** Bytes that may wait in a client's socket before messages are held back and merged. */
  readonly maxBufferedBytes: number;
  /** Bytes of merged messages that may be held back for a client; more, and it is let go. */
  readonly maxHeldBytes: number;
  /** Messages of a client that may wait for their turn before its socket is no longer read. */
  readonly maxInbox: number;
  /** Messages in a row that make no sense before the client is let go. */
  readonly maxInvalidInARow: number;
  /** Between two looks at every client: ping, and whether it is stuck, ms. */
  readonly heartbeatMs: number;
  /** A client that has taken nothing for so long although something waits for it, or not answered a ping, is cut, ms. */
  readonly stuckMs: number;
  /** Clients get this long to answer the goodbye when the server stops, ms. */
  readonly closeGraceMs: number;
}

export const DEFAULT_LIVE_LIMITS: LiveLimits = {
  // A control room has tens of screens; the cap keeps a runaway page from taking all sockets.
  maxClients: 256,
  // The wall shows at most as many streams as fit a screen.
  maxSubscriptions: 64,
  // About 40 analyses. What waits here is already old when it arrives, so it must stay small; the kernel holds more anyway.
  maxBufferedBytes: 64 * 1024,
  // A list of a thousand streams is 1.5 MB.
  maxHeldBytes: 8 * 1024 * 1024,
  maxInbox: 16,
  maxInvalidInARow: 10,
  // Below the 60 s after which NGINX and cloud load balancers close a silent connection.
  heartbeatMs: 15_000,
  stuckMs: 40_000,
  closeGraceMs: 2_000,
};
