@client @deposits
Feature: A client speaks JSON in UTF-8

  @DEP-CT-01 @must
  Rule: the deposits APIs take JSON

    Scenario: every body
      Given a client that works with deposits
      Then every body is one JSON document

  @NOTIF-04 @must
  Rule: text is UTF-8, so that both sides see the same details

    Scenario Outline: a client that <request> for <name>, letter by letter
      Given a client that <request> for a person named "<name>"
      Then text is sent and signed in UTF-8
      And "<name>" arrives as it was given

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

    Scenario Outline: a client that <request> and says <text>, letter by letter
      Given a client that <request> that says "<text>"
      Then text is sent and signed in UTF-8
      And "<text>" arrives as it was given

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

    Scenario: every text, in large bodies and in retries too
      Given a client that works with deposits
      Then every text arrives as it was given
