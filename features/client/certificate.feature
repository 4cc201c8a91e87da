@client
Feature: A client sends nothing to a server that it cannot trust

  @CLI-TLS-01 @must
  Rule: the server's certificate is verified: its authority, its name and its dates

    # Each of these is a twin: the same request over a good certificate has to arrive.

    @deposits
    Scenario Outline: a client that <request>, and a server whose certificate <fault>
      Given a client that <request>, and a server whose certificate <fault>
      Then no request arrives

      Examples:
        | request                     | fault                           |
        | creates a deposit           | comes from an unknown authority |
        | creates a deposit           | is for another name             |
        | creates a deposit           | has expired                     |
        | asks for a deposit's status | comes from an unknown authority |
        | asks for a deposit's status | is for another name             |
        | asks for a deposit's status | has expired                     |
        | creates a refund            | comes from an unknown authority |
        | creates a refund            | is for another name             |
        | creates a refund            | has expired                     |
        | asks for a refund's status  | comes from an unknown authority |
        | asks for a refund's status  | is for another name             |
        | asks for a refund's status  | has expired                     |
        | looks up payment methods    | comes from an unknown authority |
        | looks up payment methods    | is for another name             |
        | looks up payment methods    | has expired                     |
        | looks up exchange rates     | comes from an unknown authority |
        | looks up exchange rates     | is for another name             |
        | looks up exchange rates     | has expired                     |
        | looks up banks              | comes from an unknown authority |
        | looks up banks              | is for another name             |
        | looks up banks              | has expired                     |

    @cashouts
    Scenario Outline: a client that <request>, and a server whose certificate <fault>
      Given a client that <request>, and a server whose certificate <fault>
      Then no request arrives

      Examples:
        | request                     | fault                           |
        | creates a cashout           | comes from an unknown authority |
        | creates a cashout           | is for another name             |
        | creates a cashout           | has expired                     |
        | asks for a cashout's status | comes from an unknown authority |
        | asks for a cashout's status | is for another name             |
        | asks for a cashout's status | has expired                     |
        | puts a cashout on hold      | comes from an unknown authority |
        | puts a cashout on hold      | is for another name             |
        | puts a cashout on hold      | has expired                     |
        | cancels a cashout           | comes from an unknown authority |
        | cancels a cashout           | is for another name             |
        | cancels a cashout           | has expired                     |
