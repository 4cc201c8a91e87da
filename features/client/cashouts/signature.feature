@client @cashouts
Feature: A client signs what it sends to cashouts

  @CASH-SIG-01 @must
  Rule: every request has a Payload-Signature

    Scenario: Payload-Signature
      Given a client that works with cashouts
      Then Payload-Signature is on every request

  @CASH-SIG-02 @must
  Rule: it is the HMAC of the whole body under the API Signature

    Scenario: the digest of every request
      Given a client that works with cashouts
      Then Payload-Signature is the HMAC of the body that is sent

    Scenario: the digest of what it is given to sign
      Given a client that signs cashouts that it is given
      Then Payload-Signature is the HMAC of the body that is sent

    Scenario: the digest of a cashout for José Ñuñez 李
      Given a client that creates a cashout for a person named "José Ñuñez 李"
      Then Payload-Signature is the HMAC of the body that is sent

  @CASH-SIG-03 @must
  Rule: it covers every byte of the body

    Scenario: the text under every signature
      Given a client that works with cashouts
      Then Payload-Signature is over every byte that is sent

    Scenario: the text under what it is given to sign
      Given a client that signs cashouts that it is given
      Then Payload-Signature is over every byte that is sent

    @observed
    Scenario: which notifications of cashouts it accepts, AMB-32
      Given a client that verifies notifications of cashouts
      Then it accepts those that are right, and no others

    Scenario Outline: a cashout for <name>
      Given a client that creates a cashout for a person named "<name>"
      Then Payload-Signature is over every byte that is sent

      Examples:
        | name              |
        | José Ñuñez 李      |
        | Zoë Ação João     |
        | Ægir Łukasz Ööbik |
        | José Nuñez      |
        | Владимир 山田太郎     |

    Scenario Outline: a cashout that says <text>
      Given a client that creates a cashout that says "<text>"
      Then Payload-Signature is over every byte that is sent

      Examples:
        | text                             |
        | 😀 Maria 🇧🇷                       |
        | <b>Smith & Sons</b>              |
        | D'Ávila \\ Filhos / 100 % + 1    |
        | a "quoted" word, and \\n no line |

    Scenario Outline: a cashout of about <size> KiB
      Given a client that creates a cashout of about <size> KiB
      Then Payload-Signature is over every byte that is sent

      Examples:
        | size |
        | 1    |
        | 4    |
        | 60   |

  @CASH-SIG-04 @must
  Rule: it is written in lower-case hexadecimal

    Scenario: the digits
      Given a client that works with cashouts
      Then Payload-Signature is 64 lower-case hexadecimal digits
