@client @cashouts
Feature: Text is UTF-8, so that both sides see the same details

  @NOTIF-04 @must
  Rule: text is UTF-8

    Scenario Outline: a client that <request> for <name>, letter by letter
      Given a client that <request> for a person named "<name>"
      Then text is sent and signed in UTF-8
      And "<name>" arrives as it was given

      Examples:
        | request           | name              |
        | creates a cashout | José Ñuñez 李      |
        | creates a cashout | Zoë Ação João     |
        | creates a cashout | Ægir Łukasz Ööbik |
        | creates a cashout | José Nuñez      |
        | creates a cashout | Владимир 山田太郎     |

    Scenario Outline: a client that <request> and says <text>, letter by letter
      Given a client that <request> that says "<text>"
      Then text is sent and signed in UTF-8
      And "<text>" arrives as it was given

      Examples:
        | request           | text                             |
        | creates a cashout | 😀 Maria 🇧🇷                       |
        | creates a cashout | <b>Smith & Sons</b>              |
        | creates a cashout | D'Ávila \\ Filhos / 100 % + 1    |
        | creates a cashout | a "quoted" word, and \\n no line |

    Scenario: every text, in large bodies and in retries too
      Given a client that works with cashouts
      Then every text arrives as it was given
