const WHO_AM_I = `# Log in on the left,
# then press ▶ or Ctrl-Enter.
query Rooms {
  viewer {
    user {
      name
    }
    organization {
      name
    }
  }
  conversations(first: 10) {
    edges {
      node {
        id
        title
        cursor
        participants {
          __typename
          ... on User {
            name
          }
          ... on Agent {
            name
          }
        }
      }
    }
  }
}
`;

const SEND = `# Write into a room.
# Its agents answer: see
# them at it in the next tab.
mutation Send(
  $input: SendMessageInput!
) {
  sendMessage(input: $input) {
    message {
      id
      text
    }
    run {
      id
      state
    }
  }
}
`;

const FOLLOW = `# All that happens in a room,
# live. Give the cursor of your
# last event as "after", and
# nothing is missed.
subscription Follow(
  $room: ID!
  $after: String
) {
  conversationEvents(
    conversationId: $room
    after: $after
  ) {
    __typename
    cursor
    ... on MessageAdded {
      message {
        id
        text
        author {
          ... on User {
            name
          }
          ... on Agent {
            name
          }
        }
      }
    }
    ... on MessageDelta {
      messageId
      index
      text
    }
    ... on MessageRestarted {
      messageId
      attempt
    }
    ... on MessageCompleted {
      message {
        id
        status
        text
      }
    }
    ... on RunStateChanged {
      run {
        id
        state
        error {
          message
        }
      }
    }
  }
}
`;

const json = (/** @type {unknown} */ value) => JSON.stringify(value, null, 2);

/** The tabs of a first visit. */
export const EXAMPLE_TABS = [
  { query: WHO_AM_I },
  { query: SEND, variables: json({ input: { conversationId: 'the id of a room', text: 'Hello!' } }) },
  { query: FOLLOW, variables: json({ room: 'the id of a room' }) },
];
