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
        | request | fault |
        | every thing that a client does with deposits | every fault of a certificate |

    @cashouts
    Scenario Outline: a client that <request>, and a server whose certificate <fault>
      Given a client that <request>, and a server whose certificate <fault>
      Then no request arrives

      Examples:
        | request | fault |
        | every thing that a client does with cashouts | every fault of a certificate |
