@client @cashouts
Feature: Text is UTF-8, so that both sides see the same details

  @NOTIF-04 @must
  Rule: text is UTF-8

    Scenario Outline: a cashout for <name>, letter by letter
      Given a client that creates a cashout for a person named "<name>"
      Then text is sent and signed in UTF-8
      And "<name>" arrives as it was given

      Examples:
        | name          |
        | José Ñuñez 李 |
        | Zoë / Ana     |
        | 😀 Maria 🇧🇷    |
