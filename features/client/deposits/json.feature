@client @deposits
Feature: A client speaks JSON in UTF-8

  @DEP-CT-01 @must
  Rule: the deposits APIs take JSON

    Scenario: every body
      Given a client that works with deposits
      Then every body is one JSON document

  @NOTIF-04 @must
  Rule: text is UTF-8, so that both sides see the same details

    Scenario Outline: a deposit for <name>, letter by letter
      Given a client that creates a deposit for a person named "<name>"
      Then text is sent and signed in UTF-8
      And "<name>" arrives as it was given

      Examples:
        | name          |
        | José Ñuñez 李 |
        | Zoë / Ana     |
        | 😀 Maria 🇧🇷    |
