@client
Feature: A client sends nothing to a server that it cannot trust

  @CLI-TLS-01 @must
  Rule: the server's certificate is verified: its authority, its name and its dates

    @deposits
    Scenario Outline: a deposit for a server whose certificate <fault>
      Given a client that creates a deposit, and a server whose certificate <fault>
      Then no request arrives

      Examples:
        | fault                           |
        | comes from an unknown authority |
        | is for another name             |
        | has expired                     |

    @cashouts
    Scenario Outline: a cashout for a server whose certificate <fault>
      Given a client that creates a cashout, and a server whose certificate <fault>
      Then no request arrives

      Examples:
        | fault                           |
        | comes from an unknown authority |
        | is for another name             |
        | has expired                     |
