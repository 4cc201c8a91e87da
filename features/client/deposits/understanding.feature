@client @deposits
Feature: A client takes answers as they come

  @DEP-CT-01 @must @observed
  Rule: where the documents leave the answer open

    Scenario Outline: a client that <request>, and <answer>, <reading>
      Given a client that <request>, and <answer>
      Then the report says whether it understands the answer

      Examples:
        | request                     | answer                                  | reading |
        | creates a deposit           | it is answered 200                      | AMB-27  |
        | creates a deposit           | its answer has fields that nobody knows | AMB-26  |
        | creates a deposit           | it is answered with a page of HTML      | AMB-26  |
        | asks for a deposit's status | ids go on from 3000000001               | AMB-29  |
        | asks for a deposit's status | ids go on from 9007199254740993         | AMB-29  |
        | creates a refund            | ids go on from 3000000001               | AMB-29  |
        | creates a refund            | ids go on from 9007199254740993         | AMB-29  |
        | asks for a refund's status  | ids go on from 3000000001               | AMB-29  |
        | asks for a refund's status  | ids go on from 9007199254740993         | AMB-29  |
