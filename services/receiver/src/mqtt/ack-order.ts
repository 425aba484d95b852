// The order of acknowledgements on one connection: that in which the messages came (MQTT 5.0, [MQTT-4.6.0-2]), whichever is done first.

interface Held {
  readonly messageId: number;
  isDone: boolean;
}

export class AckOrder {
  private readonly acknowledge: (messageId: number) => void;
  private readonly held: Held[] = [];

  constructor(acknowledge: (messageId: number) => void) {
    this.acknowledge = acknowledge;
  }

  /** A message came. Gives what is to be called once it is done; one that is never done holds up those behind it. */
  hold(messageId: number): () => void {
    const message: Held = { messageId, isDone: false };
    this.held.push(message);
    return () => {
      message.isDone = true;
      for (let [first] = this.held; first?.isDone; [first] = this.held) {
        this.held.shift();
        this.acknowledge(first.messageId);
      }
    };
  }
}
