@client @deposits
Feature: A client signs what it sends

  @DEP-SIG-01 @must
  Rule: the signature is an HMAC-SHA-256 made with the merchant's own API Signature

    Scenario: the key of every signature
      Given a client that works with deposits
      Then signatures are made with the deposits API Signature

    Scenario: what it is given to sign
      Given a client that signs deposits that it is given
      Then signatures are made with the deposits API Signature

  @DEP-SIG-04 @must
  Rule: the signature covers the date, the login and every byte of the body

    Scenario: the text under every signature
      Given a client that works with deposits
      Then signatures are over X-Date, X-Login and the bytes that are sent

    Scenario: the text under what it is given to sign
      Given a client that signs deposits that it is given
      Then signatures are over X-Date, X-Login and the bytes that are sent

    Scenario: notifications that were changed on their way
      Given a client that verifies notifications of deposits and refunds
      Then it accepts those that are right, and no others

    Scenario Outline: a client that <request> for <name>
      Given a client that <request> for a person named "<name>"
      Then signatures are over X-Date, X-Login and the bytes that are sent

      Examples:
        | request           | name              |
        | creates a deposit | José Ñuñez 李      |
        | creates a deposit | Zoë Ação João     |
        | creates a deposit | Ægir Łukasz Ööbik |
        | creates a deposit | José Nuñez      |
        | creates a deposit | Владимир 山田太郎     |
        | creates a refund  | José Ñuñez 李      |
        | creates a refund  | Zoë Ação João     |
        | creates a refund  | Ægir Łukasz Ööbik |
        | creates a refund  | José Nuñez      |
        | creates a refund  | Владимир 山田太郎     |

    Scenario Outline: a client that <request> and says <text>
      Given a client that <request> that says "<text>"
      Then signatures are over X-Date, X-Login and the bytes that are sent

      Examples:
        | request           | text                             |
        | creates a deposit | 😀 Maria 🇧🇷                       |
        | creates a deposit | <b>Smith & Sons</b>              |
        | creates a deposit | D'Ávila \\ Filhos / 100 % + 1    |
        | creates a deposit | a "quoted" word, and \\n no line |
        | creates a refund  | 😀 Maria 🇧🇷                       |
        | creates a refund  | <b>Smith & Sons</b>              |
        | creates a refund  | D'Ávila \\ Filhos / 100 % + 1    |
        | creates a refund  | a "quoted" word, and \\n no line |

    Scenario Outline: a client that <request> of about <size> KiB
      Given a client that <request> of about <size> KiB
      Then signatures are over X-Date, X-Login and the bytes that are sent

      Examples:
        | request           | size |
        | creates a deposit | 1    |
        | creates a deposit | 4    |
        | creates a deposit | 60   |
        | creates a refund  | 1    |
        | creates a refund  | 4    |
        | creates a refund  | 60   |
